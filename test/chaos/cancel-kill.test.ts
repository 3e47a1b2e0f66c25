import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrderClient, type OrderClient } from '../../src/client.ts';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { eventually } from '../support/eventually.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const DEMO_ORGANIZATION = '0198a000-0000-7000-8000-000000000001';

let test: TestStack;
let client: OrderClient;
beforeAll(async () => {
  test = await startTestStack();
  client = createOrderClient({
    organizationId: DEMO_ORGANIZATION,
    databaseUrl: test.stack.env['DATABASE_URL'] ?? '',
    hashSecret: test.stack.env['HASH_SECRET'] ?? '',
    encryptionKeys: test.stack.env['ENCRYPTION_KEYS'] ?? '',
    temporal: { address: test.stack.temporalAddress },
  });
});
afterAll(async () => {
  await client.close();
  await test.close();
});

async function expectCancelledOnce(orderId: string): Promise<void> {
  expect(await test.end(orderId)).toMatchObject({ status: 'CANCELLED' });
  expect(await test.ledgerOf(orderId)).toMatchObject([{ status: 'cancelled' }]);
}

describe('kill -9 of the worker during cancellations', () => {
  it.each([0, 80])('%d ms after the request: each order is cancelled once', async (afterMs) => {
    const orders = await Promise.all(
      Array.from({ length: 3 }, () => test.place('pharmacy-manual')),
    );
    for (const orderId of orders) {
      await eventually('the order is at the pharmacy', async () => {
        return (await test.get(orderId)).status === 'AWAITING_COMPLETION';
      });
    }
    await Promise.all(orders.map((orderId) => client.handle(orderId).cancel()));
    await sleep(afterMs);
    expect(test.stack.kill('worker', 'SIGKILL')).toBe(true);
    for (const orderId of orders) await expectCancelledOnce(orderId);
  });
});

it('a request from before a kill of the whole stack is completed after the restart', async () => {
  const orderId = await test.place('pharmacy-down');
  await eventually('the order is being placed', async () => {
    return (await test.get(orderId)).status === 'PLACING';
  });
  await client.handle(orderId).cancel();
  await test.stack.killAll();
  await test.restart();
  const connection = await Connection.connect({ address: test.stack.temporalAddress });
  const workflow = new Client({ connection }).workflow.getHandle(orderWorkflowId(orderId));
  // Until then, an attempt to place the order could reach the pharmacy first.
  await eventually('the cancellation has interrupted the placing', async () => {
    const { pendingActivities } = (await workflow.describe()).raw;
    return pendingActivities?.some(({ activityType }) => activityType?.name === 'cancelOrder');
  });
  await connection.close();
  await test.control('pharmacies/pharmacy-down', { up: true, outcome: null });
  // The pharmacy never got the order, so it is not placed for the sake of cancelling it.
  await eventually('the order is cancelled', async () => {
    return (await test.get(orderId)).status === 'CANCELLED';
  });
  expect(await test.ledgerOf(orderId)).toEqual([]);
});
