import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** A connection or name lookup of a program. */
export interface Connection {
  /** The file name of the program, such as `worker.js`. */
  readonly program: string;
  /** `socket` is an open socket that was found by polling, also of native code; on Linux only. */
  readonly kind: 'connect' | 'lookup' | 'pipe' | 'send' | 'socket';
  /** A host name, an address with its port, or the path of a pipe. */
  readonly to: string;
}

/** Returns environment variables that make a Node program record its connections in a file. */
export function recordingTo(file: string): Record<'NODE_OPTIONS' | 'CONNECTIONS_FILE', string> {
  const hook = pathToFileURL(path.resolve('test/support/record-connections.mjs'));
  return { NODE_OPTIONS: `--import=${hook.href}`, CONNECTIONS_FILE: file };
}

/** Reads the recorded connections. */
export function recordedIn(file: string): Connection[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Connection);
}
