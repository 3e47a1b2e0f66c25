import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let test: TestStack;
beforeAll(async () => {
  test = await startTestStack();
});
afterAll(() => test.close());

it('accepts 20 orders while Temporal is unavailable, and starts them all when it is back', async () => {
  // Frozen instead of killed, because the supervisor would restart it within a second.
  test.stack.kill('temporal', 'SIGSTOP');
  const orders = await Promise.all(Array.from({ length: 20 }, () => test.place('pharmacy-123')));
  // The server checks its dependencies at most once a second.
  await eventually('the server reports that Temporal is down', async () => {
    const ready = await fetch(`${test.stack.baseUrl}/readyz`);
    expect(ready.status).toBe(200);
    const { data } = (await ready.json()) as { data: { postgres: string; temporal: string } };
    return data.postgres === 'up' && data.temporal === 'down';
  });
  await sleep(4_000); // long enough for calls to fail and rows to be released
  for (const orderId of orders) {
    expect(await test.get(orderId)).toMatchObject({ status: 'ACCEPTED' });
  }
  // Killed, with unwritten data lost; the next process starts from the files.
  test.stack.kill('temporal', 'SIGKILL');
  for (const orderId of orders) {
    expect(await test.end(orderId)).toMatchObject({ status: 'COMPLETED' });
    expect(await test.ledgerOf(orderId)).toHaveLength(1);
  }
});
