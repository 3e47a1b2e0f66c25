import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { PARTS, type PartName } from './part.ts';
import { endGroup, identify } from './process-table.mjs';

/** Which processes a stack runs, kept on disk for the start after a crash. */
export interface PidFiles {
  write(name: PartName, pid: number): void;
  remove(name: PartName): void;
  /** Ends what an earlier stack left running, and nothing else. Returns the names. */
  endLeftovers(): Promise<PartName[]>;
}

const recordSchema = z.object({ pid: z.number().int().positive(), identity: z.string() });

/** The reaper of a stack that was killed is at work; it gets this long before the work is ours. */
const REAPER_HEAD_START_MS = 1_000;
const STOP_LIMIT_MS = 5_000;

/**
 * Keeps the records in a folder. A record holds when the process started, so that another process
 * that got the same pid since is never touched.
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
