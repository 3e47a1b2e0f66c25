import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Part, PartName } from '../../../sandbox/part.ts';
import { createPidFiles } from '../../../sandbox/pid-files.ts';
import { createSupervisor, type RestartPolicy } from '../../../sandbox/supervisor.ts';
import { runs, temporaryFolderOfTest, until } from './helpers.ts';

const POLICY: RestartPolicy = {
  firstDelayMs: 5,
  maxDelayMs: 20,
  deaths: 5,
  withinMs: 60_000,
  readyLimitMs: 8_000,
};

function setUp(policy: Partial<RestartPolicy> = {}) {
  const folder = temporaryFolderOfTest();
  const restarts: string[] = [];
  const lines: string[] = [];
  const guarded = new Set<number>();
  const supervisor = createSupervisor({
    reaper: { guard: ({ pid }) => guarded.add(pid), release: (pid) => guarded.delete(pid) },
    pidFiles: createPidFiles(folder),
    logsDir: folder,
    policy: { ...POLICY, ...policy },
    onLine: (part, line) => lines.push(`${part}: ${line}`),
    onRestart: (part, why) => restarts.push(`${part}: ${why}`),
  });
  onTestFinished(() => supervisor.stop());
  return { folder, supervisor, restarts, lines, guarded };
}

function program(name: PartName, code: string, more: Partial<Part> = {}): Part {
  return {
    name,
    command: process.execPath,
    args: ['-e', code],
    env: {},
    stopSignal: 'SIGTERM',
    stopLimitMs: 2_000,
    ready: 'message',
    ...more,
  };
}

const UP = "process.send('ready'); setInterval(() => {}, 1000);";

test('restarts a part that died, as a new process', async () => {
  const { supervisor, restarts } = setUp();
  await supervisor.start(program('worker', UP));
  const first = supervisor.pid('worker');
  expect(supervisor.kill('worker', 'SIGKILL')).toBe(true);
  await until(() => ![undefined, first].includes(supervisor.pid('worker')));
  expect(restarts).toEqual(['worker: SIGKILL']);
});

test('fails when a part dies five times, and shows the part’s name and its last lines', async () => {
  const { supervisor, restarts, lines } = setUp();
  const started = supervisor.start(program('server', "console.error('no luck'); process.exit(3)"));
  await expect(started).rejects.toThrow(
    /^server died 5 times within 60 s \(exit code 3\); its last lines:\n {2}no luck/,
  );
  expect(restarts).toHaveLength(4);
  expect(lines[0]).toBe('server: no luck');
});

test('does not count deaths before the counted period', async () => {
  const { supervisor, restarts } = setUp({ deaths: 2, withinMs: 0, firstDelayMs: 10 });
  await supervisor.start(program('worker', UP));
  for (const count of [1, 2, 3]) {
    await until(() => supervisor.kill('worker', 'SIGKILL'));
    await until(() => restarts.length === count);
  }
  await until(() => supervisor.pid('worker') !== undefined);
});

test('fails when a part is not ready in time', async () => {
  const { supervisor } = setUp({ readyLimitMs: 300 });
  const started = supervisor.start(program('worker', 'setInterval(() => {}, 1000)'));
  await expect(started).rejects.toThrow(/^worker was not ready after 0.3 s/);
});

test('fails when the program of a part does not exist', async () => {
  const { supervisor } = setUp();
  const part = program('temporal', '', { command: '/nowhere/temporal', ready: async () => {} });
  await expect(
    supervisor.start({ ...part, ready: () => Promise.reject(new Error()) }),
  ).rejects.toThrow(/^temporal died 5 times .*exit code 127/);
});

test('checks whether a third-party program is ready, and writes its output to a file', async () => {
  const { folder, supervisor } = setUp();
  const log = path.join(folder, 'postgres.log');
  await supervisor.start(
    program('postgres', "console.log('database is up'); setInterval(() => {}, 1000);", {
      ready: async () => {
        if (!readFileSync(log, 'utf8').includes('up')) throw new Error('not yet');
      },
    }),
  );
  expect(readFileSync(log, 'utf8')).toBe('database is up\n');
});

test('stops server, worker, simulator, temporal, postgres, in this order', async () => {
  const { folder, supervisor, guarded } = setUp();
  const file = path.join(folder, 'order');
  writeFileSync(file, '');
  const names: PartName[] = ['postgres', 'simulator', 'temporal', 'worker', 'server'];
  await Promise.all(
    names.map((name) =>
      supervisor.start(
        program(
          name,
          `process.on('SIGTERM', () => {
             require('fs').appendFileSync(${JSON.stringify(file)}, '${name} ');
             process.exit(0);
           });
           ${UP}`,
        ),
      ),
    ),
  );
  expect(guarded.size).toBe(5);
  await supervisor.stop();
  expect(readFileSync(file, 'utf8')).toBe('server worker simulator temporal postgres ');
  expect(guarded.size).toBe(0);
});

test('kills a part that does not stop in time', async () => {
  const { supervisor } = setUp();
  await supervisor.start(
    program('worker', `process.on('SIGTERM', () => {}); ${UP}`, { stopLimitMs: 100 }),
  );
  const pid = supervisor.pid('worker') ?? 0;
  await supervisor.stop();
  expect(runs(pid)).toBe(false);
});

test('ends the child processes of a part that died', async () => {
  const { folder, supervisor } = setUp();
  const file = path.join(folder, 'helper');
  await supervisor.start(
    program(
      'worker',
      `const { pid } = require('child_process').spawn('sleep', ['60'], { stdio: 'ignore' });
       require('fs').writeFileSync(${JSON.stringify(file)}, String(pid));
       ${UP}`,
    ),
  );
  const helper = Number(readFileSync(file, 'utf8'));
  expect(runs(helper)).toBe(true);
  supervisor.kill('worker', 'SIGKILL');
  await until(() => !runs(helper));
});

test('does not restart a part that ends while the supervisor stops', async () => {
  const { supervisor, restarts } = setUp();
  await supervisor.start(program('worker', UP));
  await supervisor.stop();
  expect(restarts).toEqual([]);
  expect(supervisor.pid('worker')).toBeUndefined();
});
