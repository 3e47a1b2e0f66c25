import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { StackError } from './stack-error.ts';

// Postgres refuses to run as root. Where root starts the stack (in a container, on a test machine) it
// runs as an unprivileged account that is there already; no account is made.

/** A command, and the user to run it as when that is not the stack's own. */
export interface AccountCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** Who runs Postgres's programs. */
export interface PostgresAccount {
  /** Makes a command that runs a program as this account. */
  command(program: string, args: readonly string[]): AccountCommand;
  /** Gives a file or folder to this account. */
  own(file: string): void;
}

const CANDIDATES = ['postgres', 'nobody'];
const PASSWD = '/etc/passwd';
const TRAVERSE = 0o001;

/**
 * Chooses the account for Postgres; for anybody but root, their own.
 *
 * @param home the folder of its data; when root starts the stack, it is given to the account.
 * @param program a program that the account must be able to reach.
 * @throws {StackError} root starts the stack, and no account can be used.
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

/** The account of an earlier start: its files are there. */
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
    `Postgres cannot run as root, and there is no account ${CANDIDATES.join(' or ')}; run this as an ordinary user`,
  );
}

/** Whether anybody may pass through all the folders above a path. */
function reachable(target: string): boolean {
  for (let folder = path.dirname(target); ; folder = path.dirname(folder)) {
    if ((statSync(folder).mode & TRAVERSE) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

/**
 * In a folder that only root may enter (root's home, what `mktemp -d` makes), Postgres gets root's
 * right to pass through folders, and nothing else of root's.
 */
function passThrough(uid: number, gid: number, folder: string): AccountCommand {
  const command = 'setpriv';
  // Containers often leave root one of the two.
  for (const capability of ['dac_read_search', 'dac_override']) {
    const args = [
      ...[`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'],
      ...[`--inh-caps=+${capability}`, `--ambient-caps=+${capability}`],
      // Postgres asks access(2), which forgets capabilities unless this is set.
      '--securebits=+no_setuid_fixup',
    ];
    if (succeeds(command, [...args, 'ls', folder])) return { command, args };
  }
  throw new StackError(
    `Postgres cannot run as root, and other accounts may not enter ${folder}; run this as an ordinary user, or move the project to a folder that all may enter`,
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
