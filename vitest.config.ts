import { defineConfig } from 'vitest/config';

const MINUTE_MS = 60_000;

/** Where HTTP, workflow and command line tests get their Postgres and Temporal from. */
const SERVERS = ['test/support/global-setup.ts'];

// Groups run one after the other; files of a group side by side, on as many workers as it says.
// Tests of the whole stack, and those that break it, have the machine to themselves.
export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    passWithNoTests: true,
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          sequence: { groupOrder: 0 },
          maxWorkers: 2,
          testTimeout: 10_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'replay',
          include: ['test/replay/**/*.test.ts'],
          sequence: { groupOrder: 0 },
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 2 * MINUTE_MS,
        },
      },
      ...['http', 'workflow', 'cli'].map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          globalSetup: SERVERS,
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
          // A command is a process: on a busy machine each takes seconds.
          testTimeout: name === 'cli' ? MINUTE_MS : 30_000,
          hookTimeout: 2 * MINUTE_MS,
        },
      })),
      ...['e2e', 'chaos'].map((name, index) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          sequence: { groupOrder: 2 + index },
          fileParallelism: false,
          testTimeout: 2 * MINUTE_MS,
          // A first start may build the Temporal binary.
          hookTimeout: 15 * MINUTE_MS,
        },
      })),
    ],
  },
});
