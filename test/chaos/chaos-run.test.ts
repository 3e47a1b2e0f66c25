import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const MINUTE_MS = 60_000;

/** Runs the command as a user would. */
async function chaos(...args: string[]) {
  const child = spawn(process.execPath, ['scripts/bootstrap.mjs', 'scripts/chaos.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { out, err, code };
}

it(
  'keeps every promise while processes are killed and connections disturbed',
  async () => {
    const { out, err, code } = await chaos('--seed', '2026', '--orders', '30', '--kills', '4');
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      acknowledged: 30,
      lost: 0,
      duplicated: 0,
      unfinished: 0,
      other: 0,
      kills: 4,
    });
  },
  4 * MINUTE_MS,
);

it('prints the same schedule for the same seed, and runs nothing', async () => {
  const args = ['--seed', '7', '--orders', '3', '--kills', '2', '--dry-run'];
  const { out, code } = await chaos(...args);
  expect(code).toBe(0);
  expect(out.match(/an order for/g)).toHaveLength(3);
  expect(out.match(/kill -9/g)).toHaveLength(2);
  expect((await chaos(...args)).out).toBe(out);
});

it('rejects invalid arguments', async () => {
  const { err, code } = await chaos('--kills', 'many');
  expect(code).toBe(2);
  expect(err).toContain('usage:');
});
