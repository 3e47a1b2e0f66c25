import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { leftovers } from '../../../../scripts/chaos/leftovers.ts';

it('finds a process that outlives its run, and nothing after its end', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    detached: true,
    stdio: 'ignore',
  });
  await once(child, 'spawn');
  const processes = new Map([['worker-1', { groups: [child.pid!] }]]);
  try {
    const found = await leftovers(processes, 100);
    expect(found).toMatchObject([{ kind: 'process', subject: 'worker-1' }]);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  expect(await leftovers(processes, 5_000)).toEqual([]);
});
