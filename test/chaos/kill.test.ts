import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PartName } from '../../sandbox/part.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let test: TestStack;
beforeAll(async () => {
  test = await startTestStack();
});
afterAll(() => test.close());

/** Places orders that are in different statuses when the parts die. */
const PHARMACIES = [
  'pharmacy-123',
  'pharmacy-lost-reply',
  'pharmacy-early',
  'pharmacy-bad-document',
  'pharmacy-chatty',
  'pharmacy-silent',
];

async function placeAll(): Promise<string[]> {
  return await Promise.all(PHARMACIES.map((pharmacy) => test.place(pharmacy)));
}

async function expectEachCompletedOnce(orderIds: string[]): Promise<void> {
  for (const orderId of orderIds) {
    const order = await test.end(orderId);
    expect(order).toMatchObject({ status: 'COMPLETED' });
    expect(order.documents).toHaveLength(2);
    expect(await test.ledgerOf(orderId)).toHaveLength(1);
  }
}

describe('kill -9 during orders', () => {
  it.each<{ part: PartName; afterMs: number }>([
    { part: 'worker', afterMs: 150 },
    { part: 'worker', afterMs: 1_200 },
    { part: 'server', afterMs: 150 },
    { part: 'temporal', afterMs: 300 },
    { part: 'postgres', afterMs: 300 },
  ])('of the $part after $afterMs ms: every order ends exactly once', async ({ part, afterMs }) => {
    const orders = await placeAll();
    await sleep(afterMs);
    expect(test.stack.kill(part, 'SIGKILL')).toBe(true);
    await expectEachCompletedOnce(orders);
  });

  it('of worker, server and temporal at the same time: every order ends exactly once', async () => {
    const orders = await placeAll();
    await sleep(300);
    for (const part of ['worker', 'server', 'temporal'] as const) test.stack.kill(part, 'SIGKILL');
    await expectEachCompletedOnce(orders);
  });

  it('of the whole stack, restarted on its data: every order ends exactly once', async () => {
    const orders = await placeAll();
    await sleep(300);
    await test.stack.killAll();
    await test.restart();
    await expectEachCompletedOnce(orders);
  });
});
