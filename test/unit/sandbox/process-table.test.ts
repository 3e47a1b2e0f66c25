import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { endGroup, identify } from '../../../sandbox/process-table.mjs';
import { runs, until } from './helpers.ts';

function program(code: string) {
  const child = spawn(process.execPath, ['-e', code], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const pid = child.pid ?? 0;
  onTestFinished(() => {
    if (runs(pid)) process.kill(-pid, 'SIGKILL');
  });
  return { child, pid, said: once(child.stdout, 'data').then(([data]) => String(data).trim()) };
}

test('identifies a process consistently, and differently from another process', () => {
  expect(identify(process.pid)).toBe(identify(process.pid));
  expect(identify(process.pid)).not.toBe(identify(process.ppid));
});

test('ends a group, including its children, when the leader ignores the signal', async () => {
  const { pid, said } = program(`
    process.on('SIGTERM', () => {});
    const child = require('child_process').spawn('sleep', ['60']);
    console.log(child.pid);
    setInterval(() => {}, 1000);`);
  const childPid = Number(await said);
  await endGroup({ pid, identity: identify(pid) }, 'SIGTERM', 100);
  await until(() => !runs(pid) && !runs(childPid));
  expect([identify(pid), identify(childPid)]).toEqual([undefined, undefined]);
});

test('lets the leader finish its work after the signal', async () => {
  const { child, pid, said } = program(`
    process.on('SIGTERM', () => setTimeout(() => process.exit(7), 50));
    console.log('up');
    setInterval(() => {}, 1000);`);
  await said;
  const exit = once(child, 'exit');
  await endGroup({ pid, identity: identify(pid) }, 'SIGTERM', 5_000);
  expect((await exit)[0]).toBe(7);
});

test('does not touch another process with the same pid', async () => {
  const { pid, said } = program(`console.log('up'); setInterval(() => {}, 1000);`);
  await said;
  await endGroup({ pid, identity: 'of an earlier process' }, 'SIGKILL', 100);
  expect(runs(pid)).toBe(true);
});
