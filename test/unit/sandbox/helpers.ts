import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { identify } from '../../../sandbox/process-table.mjs';

/** Creates a folder that is removed after the test. */
export function temporaryFolderOfTest(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rx-sandbox-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Resolves once a condition holds; rejects after 8 s. */
export async function until(condition: () => boolean): Promise<void> {
  const limit = Date.now() + 8_000;
  while (!condition()) {
    if (Date.now() > limit) throw new Error('the condition did not hold within 8 s');
    await sleep(20);
  }
}

/** Returns whether a process runs; a zombie does not. */
export function runs(pid: number): boolean {
  return identify(pid) !== undefined;
}

/** A pid that no process has: the highest possible one on Linux. */
export const DEAD_PID = 4_194_304 - 1;
