import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { PROJECT } from '../../../sandbox/folders.ts';
import { createPidFiles } from '../../../sandbox/pid-files.ts';
import { startReaper } from '../../../sandbox/reaper.ts';
import { runs, temporaryFolderOfTest, until } from './helpers.ts';

const PROGRAM = fileURLToPath(new URL('./programs/small-stack.ts', import.meta.url));

/** Starts a program with a reaper and two parts, one of which ignores SIGTERM. */
async function smallStack() {
  const folder = temporaryFolderOfTest();
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, folder], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(String(line)) as { reaper: number; parts: number[] };
  onTestFinished(() => {
    for (const pid of [child.pid ?? 0, pids.reaper, ...pids.parts]) {
      if (runs(pid)) process.kill(pid, 'SIGKILL');
    }
  });
  return { folder, pid: child.pid ?? 0, ...pids };
}

test('leaves no process running when the stack is killed with SIGKILL', async () => {
  const stack = await smallStack();
  expect([stack.reaper, ...stack.parts].every(runs)).toBe(true);
  process.kill(stack.pid, 'SIGKILL');
  await until(() => ![stack.reaper, ...stack.parts].some(runs));
});

test('the next start ends the leftovers when stack and reaper are killed together', async () => {
  const stack = await smallStack();
  process.kill(stack.reaper, 'SIGKILL');
  process.kill(stack.pid, 'SIGKILL');
  await until(() => !runs(stack.reaper) && !runs(stack.pid));
  expect(stack.parts.every(runs)).toBe(true);
  const ended = await createPidFiles(stack.folder).endLeftovers();
  expect(ended).toEqual(['server', 'worker']);
  await until(() => !stack.parts.some(runs));
}, 30_000);

test('restarts when it is killed, and still guards its groups', async () => {
  const reaper = await startReaper();
  const part = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  const pid = part.pid ?? 0;
  reaper.guard({ pid, order: 0, signal: 'SIGTERM', limitMs: 1_000 });
  const first = reaper.pid ?? 0;
  process.kill(first, 'SIGKILL');
  await until(() => reaper.pid !== first);
  await reaper.close();
  await until(() => !runs(pid));
});
