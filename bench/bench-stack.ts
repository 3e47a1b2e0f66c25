import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Stack, startStack } from '../sandbox/stack.ts';
import type { Environment } from '../src/process/config.ts';
import { testEnvironment } from '../test/support/environment.ts';

/**
 * Starts the whole stack for a benchmark, on free ports and in a new folder, which `stop()` removes.
 *
 * @param settings environment variables of the stack, in place of the defaults.
 */
export async function startBenchStack(settings: Environment = {}): Promise<Stack> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'rx-bench-'));
  const stack = await startStack({
    dataDir,
    ports: 'free',
    env: testEnvironment(settings),
    log: { write: () => true },
    news: process.stderr,
  });
  return {
    ...stack,
    async stop() {
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
