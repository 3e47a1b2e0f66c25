import { beforeEach, expect, it } from 'vitest';
import { shareResult } from '../../../src/lib/share-result.ts';

let time: number;
let runs: number;
let finish: () => void;
beforeEach(() => {
  time = 0;
  runs = 0;
});

/** A computation that ends when the test calls `finish`. */
async function slow(): Promise<number> {
  runs += 1;
  const run = runs;
  await new Promise<void>((resolve) => {
    finish = resolve;
  });
  return run;
}

it('shares one run between concurrent calls, however long it takes', async () => {
  const read = shareResult(1_000, slow, () => time);
  const first = read();
  time += 5_000;
  const second = read();
  finish();

  expect(await Promise.all([first, second])).toEqual([1, 1]);
});

it('reuses the result until the time has passed since the run started', async () => {
  const read = shareResult(1_000, slow, () => time);
  const first = read();
  time += 600;
  finish();
  await first;
  time += 399;
  expect(await read()).toBe(1);
  time += 1;
  const next = read();
  finish();
  expect(await next).toBe(2);
});

it('shares a failure, and runs again after it', async () => {
  const read = shareResult(
    1_000,
    async () => {
      runs += 1;
      throw new Error('unreachable');
    },
    () => time,
  );
  await expect(read()).rejects.toThrow('unreachable');
  await expect(read()).rejects.toThrow('unreachable');
  expect(runs).toBe(1);
  time += 1_000;
  await expect(read()).rejects.toThrow('unreachable');
  expect(runs).toBe(2);
});
