import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { PARTS, type PartName } from './part.ts';
import { endGroup, identify } from './process-table.mjs';

/** The pids of a stack's processes, stored on disk for the next start after a crash. */
export interface PidFiles {
  write(name: PartName, pid: number): void;
  remove(name: PartName): void;
  /** Ends the processes that a crashed stack left running. Returns the names of these parts. */
  endLeftovers(): Promise<PartName[]>;
}

const recordSchema = z.object({ pid: z.number().int().positive(), identity: z.string() });

/** How long to wait for the reaper of a killed stack, which ends the same processes. */
const REAPER_HEAD_START_MS = 1_000;
const STOP_LIMIT_MS = 5_000;

/**
 * Stores pid files in a folder. Each file also identifies the process by its start time, so that a later
 * process with the same pid is never touched.
 */
export function createPidFiles(folder: string): PidFiles {
  const fileOf = (name: string) => path.join(folder, `${name}.json`);
  return {
    write(name, pid) {
      const file = fileOf(name);
      writeFileSync(`${file}.new`, JSON.stringify({ pid, identity: identify(pid) }));
      renameSync(`${file}.new`, file);
    },
    remove(name) {
      rmSync(fileOf(name), { force: true });
    },
    async endLeftovers() {
      const ended: PartName[] = [];
      if (readdirSync(folder).length > 0) await sleep(REAPER_HEAD_START_MS);
      for (const name of PARTS) {
        const file = fileOf(name);
        const record = existsSync(file) ? parse(readFileSync(file, 'utf8')) : undefined;
        if (record !== undefined && identify(record.pid) === record.identity) {
          await endGroup(record, 'SIGTERM', STOP_LIMIT_MS);
          ended.push(name);
        }
        rmSync(file, { force: true });
      }
      return ended;
    },
  };
}

function parse(text: string): z.infer<typeof recordSchema> | undefined {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
