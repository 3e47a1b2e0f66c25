import { ApplicationFailure } from '@temporalio/common';
import { attempt } from '../temporal/activity-context.ts';
import type { FailedLocally, StepResult } from '../workflows/order-activities.ts';

/**
 * Makes an ordinary activity wait as long as the failure of the local attempt before it asked for, for example
 * because of the pharmacy's Retry-After. Its first attempt fails with the same code, so that the Temporal UI shows
 * why the order waits, and Temporal retries it when the time has come.
 */
export function afterLocal<Done>(
  run: (orderId: string) => Promise<StepResult<Done>>,
): (orderId: string, failed?: FailedLocally) => Promise<StepResult<Done>> {
  return async (orderId, failed) => {
    if (failed !== undefined && attempt() === 1) {
      throw ApplicationFailure.create({
        type: failed.type,
        message: failed.code,
        nextRetryDelay: failed.delayMs,
      });
    }
    return await run(orderId);
  };
}
