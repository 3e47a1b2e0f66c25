import { defineConfig } from 'vitest/config';
import { BaseSequencer, type Reporter, type TestSpecification, type Vitest } from 'vitest/node';

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

/**
 * Files that are small and take long. Without times of an earlier run, vitest starts large files first;
 * a long file that starts last leaves the other workers idle.
 */
const LONG_FILES = [
  'test/chaos/chaos-run.test.ts',
  'test/e2e/fuzz.test.ts',
  'test/e2e/rolling-restart.test.ts',
  'test/e2e/canaries.test.ts',
  'test/workflow/upkeep/key-rotation.test.ts',
  'test/workflow/thirty-days.test.ts',
  'test/workflow/waiting.test.ts',
  'test/workflow/versions.test.ts',
];

/** Starts the long files of a group before its other files. */
class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const group = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    const isShort = ({ moduleId }: TestSpecification) =>
      Number(!LONG_FILES.some((file) => moduleId.endsWith(file)));
    return sorted.toSorted((a, b) => group(a) - group(b) || isShort(a) - isShort(b));
  }
}

// Groups run one after the other. The files of a group run in parallel, on its number of workers. In
// projects with `isolate: false`, files share a process and the modules in it: to import them again for each
// file took half of the CPU time of unit tests.
export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    reporters: ['default', titleMustMatch()],
    sequence: { sequencer: LongFilesFirst },
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          isolate: false,
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
      ...['cli', 'http', 'workflow'].map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          globalSetup: [PROGRAMS, SERVERS],
          isolate: false,
          sequence: { groupOrder: name === 'workflow' ? 2 : 1 },
          // Tests of workflows mostly wait.
          maxWorkers: name === 'workflow' ? 3 : 2,
          retry: RETRY,
          // Each command starts a process, which takes seconds on a busy machine.
          testTimeout: name === 'cli' ? MINUTE_MS : 30_000,
          hookTimeout: 2 * MINUTE_MS,
        },
      })),
      ...['e2e', 'chaos'].map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          globalSetup: [PROGRAMS],
          isolate: false,
          sequence: { groupOrder: 3 },
          // They mostly wait as well: for processes that start, and for leases of those that were killed.
          maxWorkers: 3,
          retry: RETRY,
          testTimeout: 2 * MINUTE_MS,
          // A first start may build the Temporal binary.
          hookTimeout: 15 * MINUTE_MS,
        },
      })),
    ],
  },
});
