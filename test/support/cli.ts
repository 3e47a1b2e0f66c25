import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';
import type { Environment } from '../../src/process/config.ts';
import { testEnvironment } from './environment.ts';
import { ENCRYPTION_KEYS, HASH_SECRET } from './organization.ts';

/** The result of an `rx` command. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout parsed as JSON; undefined when it is not JSON. */
  readonly json: ReturnType<typeof JSON.parse>;
}

/** Runs `rx` as a separate process, as an operator does. */
export type Rx = (args: readonly string[], options?: RunOptions) => Promise<CliResult>;

interface RunOptions {
  readonly stdin?: string | Buffer;
  readonly env?: Environment;
  readonly cwd?: string;
  /** The arguments of Node that start the program; the default is the compiled `src/cli.ts`. */
  readonly program?: readonly string[];
}

/** @param databaseUrl the database that `rx` uses. */
export function createRx(databaseUrl: string): Rx {
  return async (args, options = {}) => {
    const program = options.program ?? [path.join(inject('compiled'), 'src/cli.js')];
    const child = spawn(process.execPath, [...program, ...args], {
      env: testEnvironment({
        DATABASE_URL: databaseUrl,
        HASH_SECRET,
        ENCRYPTION_KEYS,
        ...options.env,
      }),
      cwd: options.cwd,
    });
    // A command that rejects its arguments does not read stdin.
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number | null]>,
    ]);
    return { code, stdout, stderr, json: parse(stdout) };
  };
}

function parse(stdout: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}
