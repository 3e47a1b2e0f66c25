import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Environment } from '../../src/config.ts';
import { createRx, type Rx } from '../support/cli.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let rx: Rx;
let env: Environment;
beforeAll(async () => {
  world = await createWorld();
  rx = createRx(world.db.url);
  env = { TEMPORAL_ADDRESS: inject('temporal').address };
});
afterAll(() => world.close());

async function stuck(): Promise<string> {
  const orderId = await world.place('pharmacy-corrupt');
  await world.reach(orderId, 'NEEDS_ATTENTION');
  return orderId;
}

it('finds, retries and cancels an order, and tells who and why', { timeout: 120_000 }, async () => {
  const id = await stuck();
  const list = await rx(['order', 'list', '--status', 'needs-attention', '--json']);
  expect(list.json.orders.map((order: { id: string }) => order.id)).toEqual([id]);

  const reason = ['--by', 'anna', '--reason', 'they sent the document again'];
  const retried = await rx(['order', 'retry', id, ...reason, '--json'], { env });
  expect(retried.code, retried.stderr).toBe(0);
  expect(retried.json.order.activity).toContainEqual(
    expect.objectContaining({
      ...{ actor: 'operator', event: 'REPAIR_RETRY' },
      ...{ by: 'anna', why: 'they sent the document again' },
    }),
  );
  await world.reach(id, 'NEEDS_ATTENTION');
  const shown = await rx(['order', 'show', id]);
  expect(shown.stdout).toMatch(/operator +REPAIR_RETRY .*anna +they sent the document again/);

  const unsent = await world.place(`nobody-${randomUUID()}`);
  await world.reach(unsent, 'NEEDS_ATTENTION');
  const cancelled = await rx(['order', 'cancel', unsent, '--reason', 'placed twice']);
  expect(cancelled.code, cancelled.stderr).toBe(0);
  expect(cancelled.stdout).toBe(`${unsent} CANCELLED: its cancellation is asked for\n`);
  const again = await rx(['order', 'cancel', unsent, '--reason', 'placed twice']);
  expect(again).toMatchObject({ code: 4, stdout: '' });
  expect(again.stderr).toContain('the order is CANCELLED (WRONG_STATUS)');
  const late = await rx(['order', 'retry', unsent, '--reason', 'x'], { env });
  expect(late).toMatchObject({ code: 4, stdout: '' });
});

it('says what is wrong', { timeout: 60_000 }, async () => {
  const id = await stuck();
  for (const command of ['retry', 'cancel']) {
    const unknown = await rx(['order', command, randomUUID(), '--reason', 'x'], { env });
    expect(unknown).toMatchObject({ code: 3, stdout: '' });
    const silent = await rx(['order', command, id], { env });
    expect(silent).toMatchObject({ code: 2, stdout: '' });
    const blank = await rx(['order', command, id, '--reason', ' '], { env });
    expect(blank).toMatchObject({ code: 2, stdout: '' });
  }
  const away = await rx(['order', 'retry', id, '--reason', 'x'], {
    env: { TEMPORAL_ADDRESS: '127.0.0.1:9' },
  });
  expect(away).toMatchObject({ code: 6, stdout: '' });
  expect(away.stderr).toContain('Temporal, or its workers, did not answer');
});
