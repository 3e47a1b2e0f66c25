import {
  ActivityCancellationType,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { OrderActivities } from './order-activities.ts';

/*
 * These retry options only cover attempts that report nothing, because their worker died. Every other
 * failed attempt carries its own delay (`nextRetryDelay`); src/activities/pharmacy-retry-policy.ts is
 * the retry policy of pharmacy calls. Temporal counts all attempts, so after a long pharmacy outage a
 * dead worker's attempt is retried after the maximum.
 */
const retry = { initialInterval: '1s', maximumInterval: '10s' } as const;

/** Database only: runs inside the workflow task. */
export const local = proxyLocalActivities<OrderActivities>({ startToCloseTimeout: '10s', retry });

/** A few calls to the pharmacy or the database. A cancelled one reports how it ended. */
export const short = proxyActivities<OrderActivities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry,
});

/** Document downloads; `expireOrder` has the same time-outs. */
export const long = proxyActivities<OrderActivities>({
  startToCloseTimeout: '30m',
  heartbeatTimeout: '10s',
  retry,
});

/** One read of the order per attempt; the workflow cancels it when a signal comes first. */
export const polling = proxyActivities<OrderActivities>({
  startToCloseTimeout: '1m',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry,
});
