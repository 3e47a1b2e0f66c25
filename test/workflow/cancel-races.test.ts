import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OrderNotCancellableError } from '../../src/client.ts';
import { timelineOf } from '../support/timeline.ts';
import { createWorld, type World } from '../support/world.ts';

const LANES = 4;
const ROUNDS_PER_LANE = 12;
/** How much earlier or later the next completion comes, after it lost or won, in milliseconds. */
const STEP_MS = 20;
/** A side that wins again doubles the step up to this, so that a busy machine has races too. */
const MAX_STEP_MS = 1_000;

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/**
 * Cancels an order while the pharmacy completes it. Checks that the order has one end, the same as at the
 * pharmacy, and that a cancellation that lost is refused.
 *
 * @param headStartMs how long after the request the completion comes; before it when negative.
 * @returns how the order ended.
 */
async function race(headStartMs: number): Promise<string> {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const completing = async () => {
    await sleep(Math.max(0, headStartMs));
    // Fails if the cancellation came first: the pharmacy's own status machine decides.
    const step = { to: 'completed' };
    await world.simulator.control('POST', `orders/${orderId}/advance`, step).catch(() => undefined);
  };
  const cancelling = async () => {
    await sleep(Math.max(0, -headStartMs));
    return await world.client.handle(orderId).cancel();
  };
  const [requested] = await Promise.allSettled([cancelling(), completing()]);
  const { status } = await world.client.handle(orderId).result({ timeoutMs: 20_000 });

  const [there] = await world.simulator.ledgerOf(orderId);
  expect(status).toBe(there?.status.toUpperCase());
  const rows = await timelineOf(world.db.database, orderId);
  const ends = rows.filter((row) => /STATUS_CHANGED (COMPLETED|CANCELLED)/.test(row));
  expect(ends).toHaveLength(1);
  const refusals = rows.filter((row) => row === 'pharmacy CANCEL_REFUSED TOO_LATE');
  if (requested.status === 'rejected') {
    expect(requested.reason).toBeInstanceOf(OrderNotCancellableError);
    expect([status, refusals]).toEqual(['COMPLETED', []]);
  } else {
    expect(refusals).toHaveLength(status === 'COMPLETED' ? 1 : 0);
  }
  await world.ended(orderId);
  return status;
}

it('has one end in each race with a completion, and refuses the request that lost', {
  timeout: 180_000,
}, async () => {
  /** Runs races whose head start approaches the moment at which either side may win. */
  async function lane(firstHeadStartMs: number): Promise<string[]> {
    const ends: string[] = [];
    let headStartMs = firstHeadStartMs;
    let stepMs = STEP_MS;
    for (let round = 0; round < ROUNDS_PER_LANE; round += 1) {
      const end = await race(headStartMs);
      stepMs = end === ends.at(-1) ? Math.min(stepMs * 2, MAX_STEP_MS) : STEP_MS;
      ends.push(end);
      headStartMs += end === 'COMPLETED' ? stepMs : -stepMs;
    }
    return ends;
  }
  const lanes = Array.from({ length: LANES }, (_, n) => lane(n * 60 - 40));
  const ends = (await Promise.all(lanes)).flat();
  // Each side must have won at least once; otherwise there was no race.
  expect(new Set(ends)).toEqual(new Set(['COMPLETED', 'CANCELLED']));
});
