import { defineConfig } from 'vitest/config';
import type { Reporter, Vitest } from 'vitest/node';

const MINUTE_MS = 60_000;

/** Starts the Postgres and the Temporal that HTTP, workflow and command line tests share. */
const SERVERS = 'test/support/global-setup.ts';
/** Compiles the programs that tests start as processes. */
const PROGRAMS = 'test/support/compile-programs.ts';

/** Fails a run whose `-t` matches no test: vitest skips every test then, and exits with 0. */
function titleMustMatch(): Reporter {
  let vitest: Vitest | undefined;
  return {
    onInit(context) {
      vitest = context;
    },
    onTestRunEnd(modules) {
      const pattern = vitest?.config.testNamePattern;
      const ran = modules
        .flatMap((module) => [...module.children.allTests()])
        .some((test) => test.result().state !== 'skipped');
      if (pattern === undefined || ran) return;
      console.error(`no test has a title that matches ${pattern}`);
      process.exitCode = 1;
    },
  };
}

/** CI gives a test with real servers a second attempt: on a busy machine, a time limit can be missed. */
const RETRY = process.env['CI'] === undefined ? 0 : 1;

// Groups run one after the other. The files of a group run in parallel, on its number of workers.
export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    reporters: ['default', titleMustMatch()],
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
      {
        extends: true,
        test: {
          name: 'time-skipping',
          include: ['test/time-skipping/**/*.test.ts'],
          globalSetup: [PROGRAMS, 'test/support/time-skipping-setup.ts'],
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
          globalSetup: [PROGRAMS, SERVERS],
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
          retry: RETRY,
          // Each command starts a process, which takes seconds on a busy machine.
          testTimeout: name === 'cli' ? MINUTE_MS : 30_000,
          hookTimeout: 2 * MINUTE_MS,
        },
      })),
      ...['e2e', 'chaos'].map((name, index) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          globalSetup: [PROGRAMS],
          sequence: { groupOrder: 2 + index },
          maxWorkers: 2,
          retry: RETRY,
          testTimeout: 2 * MINUTE_MS,
          // A first start may build the Temporal binary.
          hookTimeout: 15 * MINUTE_MS,
        },
      })),
    ],
  },
});
