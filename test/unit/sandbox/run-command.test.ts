import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRunCommand } from '../../../sandbox/run-command.ts';
import { runs, until } from './helpers.ts';

const guarded = new Set<number>();
const run = createRunCommand({
  guard: ({ pid }) => guarded.add(pid),
  release: (pid) => guarded.delete(pid),
});
const { signal } = new AbortController();
const node = (code: string, more: object = {}) =>
  run(process.execPath, ['-e', code], { env: {}, signal, ...more });

test('returns the exit code, and reports stdout and stderr line by line', async () => {
  const lines: string[] = [];
  const code = "console.log('out'); console.error('err'); process.exitCode = 4";
  const result = await node(code, { onLine: (line: string) => lines.push(line) });
  expect(result.code).toBe(4);
  expect(lines.sort()).toEqual(['err', 'out']);
  expect(guarded.size).toBe(0);
});

test('rejects with the system’s error code when the program does not exist', async () => {
  await expect(run('/nowhere/go', [], { env: {}, signal })).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

test('kills a command that exceeds its time limit', async () => {
  expect(await node('setInterval(() => {}, 1000)', { limitMs: 200 })).toMatchObject({ code: null });
});

test('kills a command and its children when it is aborted', async () => {
  const abort = new AbortController();
  let child = 0;
  const running = node(
    `console.log(require('child_process').spawn('sleep', ['60']).pid); setInterval(() => {}, 1000);`,
    {
      signal: abort.signal,
      onLine(line: string) {
        child = Number(line);
      },
    },
  );
  running.catch(() => undefined);
  while (child === 0) await sleep(10);
  abort.abort();
  await expect(running).rejects.toThrow(/abort/);
  await until(() => !runs(child));
});
