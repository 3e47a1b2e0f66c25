import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { StackError } from './stack-error.ts';

// Postgres refuses to run as root. When root starts the stack (in a container, on a test machine),
// Postgres runs as an existing unprivileged account. The sandbox creates no account.

/** A command, with the user that runs it when that is not the user who starts the stack. */
export interface AccountCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** The account that runs the Postgres programs. */
export interface PostgresAccount {
  /** Returns the command that runs a program as this account. */
  command(program: string, args: readonly string[]): AccountCommand;
  /** Makes this account the owner of a file or folder. */
  own(file: string): void;
}

const CANDIDATES = ['postgres', 'nobody'];
const PASSWD = '/etc/passwd';
const TRAVERSE = 0o001;

/**
 * Chooses the account that runs Postgres: the current user, unless that is root.
 *
 * @param home the folder of Postgres's data; when root starts the stack, the account becomes its owner.
 * @param program a program that the account must be able to execute.
 * @throws {StackError} root starts the stack, and no suitable account exists.
 */
export function postgresAccount(home: string, program: string): PostgresAccount {
  if (process.getuid?.() !== 0) {
    return { command: (command, args) => ({ command, args }), own: () => undefined };
  }
  const { uid, gid } = ownerOf(home) ?? unprivilegedAccount();
  const own = (file: string) => chownSync(file, uid, gid);
  own(home);
  if (reachable(home) && reachable(program)) {
    return { command: (command, args) => ({ command, args, uid, gid }), own };
  }
  const { command, args: before } = passThrough(uid, gid, path.dirname(home));
  return { command: (name, args) => ({ command, args: [...before, name, ...args] }), own };
}

/** Returns the account of an earlier start, which owns the data; undefined when root owns the folder. */
function ownerOf(home: string): { uid: number; gid: number } | undefined {
  const { uid, gid } = statSync(home);
  return uid === 0 ? undefined : { uid, gid };
}

function unprivilegedAccount(): { uid: number; gid: number } {
  const lines = existsSync(PASSWD) ? readFileSync(PASSWD, 'utf8').split('\n') : [];
  const accounts = lines.map((line) => line.split(':'));
  for (const candidate of CANDIDATES) {
    const found = accounts.find(([name]) => name === candidate);
    const [uid, gid] = [Number(found?.[2]), Number(found?.[3])];
    if (uid > 0 && gid > 0) return { uid, gid };
  }
  throw new StackError(
    `Postgres cannot run as root, and this machine has no account ${CANDIDATES.join(' or ')}; run this as an ordinary user`,
  );
}

/** Returns whether every user may traverse all folders above a path. */
function reachable(target: string): boolean {
  for (let folder = path.dirname(target); ; folder = path.dirname(folder)) {
    if ((statSync(folder).mode & TRAVERSE) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

/**
 * Wraps commands for a folder that only root may enter (root's home, a folder of `mktemp -d`): Postgres
 * gets the capability to traverse such folders, and no other capability of root.
 */
function passThrough(uid: number, gid: number, folder: string): AccountCommand {
  const command = 'setpriv';
  // Containers often leave root only one of the two capabilities.
  for (const capability of ['dac_read_search', 'dac_override']) {
    const args = [
      ...[`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'],
      ...[`--inh-caps=+${capability}`, `--ambient-caps=+${capability}`],
      // Postgres calls access(2), which ignores capabilities unless this bit is set.
      '--securebits=+no_setuid_fixup',
    ];
    if (succeeds(command, [...args, 'ls', folder])) return { command, args };
  }
  throw new StackError(
    `Postgres cannot run as root, and other accounts may not enter ${folder}; run this as an ordinary user, or move the project to a folder that every user may enter`,
  );
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
