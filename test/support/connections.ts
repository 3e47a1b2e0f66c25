import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Something that a program reached out for. */
export interface Connection {
  /** The program's file, as `worker.ts`. */
  readonly program: string;
  /** `socket` is one that was found open, whoever opened it; on Linux only. */
  readonly kind: 'connect' | 'lookup' | 'pipe' | 'send' | 'socket';
  /** A name, an address with its port, or the path of a pipe. */
  readonly to: string;
}

/** The variables that make a program of Node write its connections to a file. */
export function recordingTo(file: string): Record<'NODE_OPTIONS' | 'CONNECTIONS_FILE', string> {
  const hook = pathToFileURL(path.resolve('test/support/record-connections.mjs'));
  return { NODE_OPTIONS: `--import=${hook.href}`, CONNECTIONS_FILE: file };
}

/** What was written to such a file so far. */
export function recordedIn(file: string): Connection[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Connection);
}
