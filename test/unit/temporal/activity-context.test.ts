import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { uninterruptedSignal } from '../../../src/temporal/activity-context.ts';
import { createSdkLog } from '../../../src/temporal/sdk-log.ts';
import { createKeptLog } from '../../support/logs.ts';

/** Runs an activity until its signal aborts, and ends it from outside of the activity, as the SDK does. */
async function abortedBy(reason: 'TIMED_OUT' | 'CANCELLED' | 'WORKER_SHUTDOWN') {
  const environment = new MockActivityEnvironment({}, { logger: createSdkLog(createKeptLog()) });
  let signal: AbortSignal | undefined;
  const running = environment.run(async () => {
    signal = uninterruptedSignal();
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  });
  await new Promise(setImmediate);
  // An error in a listener of the signal would end the process; the test run fails for one.
  environment.cancel(reason, { cancelRequested: reason === 'CANCELLED' } as never);
  await running;
  return signal?.aborted;
}

it('aborts a call when the attempt has timed out or the worker shuts down', async () => {
  expect(await abortedBy('TIMED_OUT')).toBe(true);
  expect(await abortedBy('WORKER_SHUTDOWN')).toBe(true);
});

it('goes on with a call when the workflow has cancelled the activity', async () => {
  expect(await abortedBy('CANCELLED')).toBe(false);
});
