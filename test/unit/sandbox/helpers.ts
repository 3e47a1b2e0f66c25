import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { identify } from '../../../sandbox/process-table.mjs';

/** A folder that is removed after the test. */
export function temporaryFolderOfTest(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rx-embedded-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Resolves once `look` holds; rejects after 8 s. */
export async function until(look: () => boolean): Promise<void> {
  const limit = Date.now() + 8_000;
  while (!look()) {
    if (Date.now() > limit) throw new Error('it did not come about');
    await sleep(20);
  }
}

/** Whether a process runs; one that is only not collected yet does not. */
export function runs(pid: number): boolean {
  return identify(pid) !== undefined;
}

/** A pid that no process has: that of one that has ended. */
export const DEAD_PID = 4_194_304 - 1;
