import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OrderNotCancellableError } from '../../src/client.ts';
import { timelineOf } from '../support/timeline.ts';
import { createWorld, type World } from '../support/world.ts';

const ROUNDS = 60;

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/**
 * Cancels an order while the pharmacy completes it: the order's end is the pharmacy's, there is one,
 * and the one who lost is told.
 *
 * @returns how the order ended.
 */
async function race(round: number): Promise<string> {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const completing = async () => {
    await sleep((round % 7) * 5);
    // Refused when the cancellation came first: the pharmacy's own machine decides.
    const step = { to: 'completed' };
    await world.simulator.control('POST', `orders/${orderId}/advance`, step).catch(() => undefined);
  };
  const cancelling = async () => {
    await sleep((round % 5) * 5);
    return await world.client.handle(orderId).cancel();
  };
  const [asked] = await Promise.allSettled([cancelling(), completing()]);
  const { status } = await world.client.handle(orderId).result({ timeoutMs: 20_000 });

  const [there] = await world.simulator.ledgerOf(orderId);
  expect(status).toBe(there?.status.toUpperCase());
  const rows = await timelineOf(world.db.database, orderId);
  const ends = rows.filter((row) => /STATUS_CHANGED (COMPLETED|CANCELLED)/.test(row));
  expect(ends).toHaveLength(1);
  const refusals = rows.filter((row) => row === 'pharmacy CANCEL_REFUSED TOO_LATE');
  if (asked.status === 'rejected') {
    expect(asked.reason).toBeInstanceOf(OrderNotCancellableError);
    expect([status, refusals]).toEqual(['COMPLETED', []]);
  } else {
    expect(refusals).toHaveLength(status === 'COMPLETED' ? 1 : 0);
  }
  await world.ended(orderId);
  return status;
}

it('has one end in each of many races with a completion, and tells the loser', {
  timeout: 120_000,
}, async () => {
  const ends: string[] = [];
  for (let round = 0; round < ROUNDS; round += 6) {
    const batch = Array.from({ length: 6 }, (_, n) => race(round + n));
    ends.push(...(await Promise.all(batch)));
  }
  // Both must have won at least once, or nothing was raced.
  expect(new Set(ends)).toEqual(new Set(['COMPLETED', 'CANCELLED']));
});
