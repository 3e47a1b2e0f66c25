import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let test: TestStack;
beforeAll(async () => {
  test = await startTestStack({ POLL_INITIAL_MS: '1000', PHARMACY_TIMEOUT_MS: '9000' });
});
afterAll(() => test.close());

it('looks at the pharmacy again soon when the worker is killed while it looks', async () => {
  const orderId = await test.place('pharmacy-silent');
  await eventually('it is at the pharmacy', async () => {
    return (await test.get(orderId)).status === 'AWAITING_COMPLETION';
  });
  // The look begins after a second, and gets no answer.
  test.stack.kill('simulator', 'SIGSTOP');
  await sleep(3_000);
  const killedAt = Date.now();
  expect(test.stack.kill('worker', 'SIGKILL')).toBe(true);
  test.stack.kill('simulator', 'SIGCONT');

  expect(await test.end(orderId)).toMatchObject({ status: 'COMPLETED' });
  // The dead worker is noticed by its missing heartbeat, not at the end of the attempt's minute.
  expect(Date.now() - killedAt).toBeLessThan(45_000);
});
