import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Environment } from '../src/process/config.ts';
import { PROJECT } from './folders.ts';
import type { Part, PartName } from './part.ts';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** What `server` and `worker` allow themselves to finish what they have in hand, and a little more. */
const STOP_LIMIT_MS = 22_000;

/**
 * Describes a TypeScript program of the project as a part.
 *
 * @param program its path in the project.
 */
export function ourPart(name: PartName, program: string, env: Environment): Part {
  return {
    name,
    command: process.execPath,
    args: ['--import', TSX, path.join(PROJECT, program)],
    env,
    // tsx looks for tsconfig.json here.
    cwd: PROJECT,
    stopSignal: 'SIGTERM',
    stopLimitMs: STOP_LIMIT_MS,
    ready: 'message',
  };
}
