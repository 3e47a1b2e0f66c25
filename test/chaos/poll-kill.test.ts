import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let test: TestStack;
beforeAll(async () => {
  test = await startTestStack({ POLL_INITIAL_MS: '1000', PHARMACY_TIMEOUT_MS: '9000' });
});
afterAll(() => test.close());

it('polls the pharmacy again soon when the worker is killed during a poll', async () => {
  const orderId = await test.place('pharmacy-silent');
  await eventually('the order is at the pharmacy', async () => {
    return (await test.get(orderId)).status === 'AWAITING_COMPLETION';
  });
  // The poll begins after a second, and gets no answer.
  test.stack.kill('simulator', 'SIGSTOP');
  await sleep(3_000);
  const killedAt = Date.now();
  expect(test.stack.kill('worker', 'SIGKILL')).toBe(true);
  test.stack.kill('simulator', 'SIGCONT');

  expect(await test.end(orderId)).toMatchObject({ status: 'COMPLETED' });
  // Temporal detects the dead worker by its missing heartbeat, before the attempt times out after a minute.
  expect(Date.now() - killedAt).toBeLessThan(45_000);
});
