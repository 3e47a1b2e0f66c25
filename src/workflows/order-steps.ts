import {
  ActivityCancellationType,
  patched,
  proxyActivities,
  proxyLocalActivities,
  TemporalFailure,
} from '@temporalio/workflow';
import type { OrderActivities } from './order-activities.ts';

/*
 * The activities of an order, with their options. The Temporal UI shows the summaries.
 *
 * These retry options only cover attempts that report nothing, because their worker died. Every other
 * failed attempt carries its own delay (`nextRetryDelay`); src/activities/pharmacy-retry-policy.ts is
 * the retry policy of pharmacy calls. Temporal counts all attempts, so after a long pharmacy outage a
 * dead worker's attempt is retried after the maximum.
 */
const retry = { initialInterval: '1s', maximumInterval: '10s' } as const;

/** A few calls to the pharmacy or the database. A cancelled one reports how it ended. */
const short = {
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry,
} as const;

/** Downloads. */
const long = { startToCloseTimeout: '30m', heartbeatTimeout: '10s', retry } as const;

/** Attempts of a local activity, which the Temporal UI does not show. */
const LOCAL_ATTEMPTS = 3;

const { validateOrder: validateLocally } = proxyLocalActivities<OrderActivities>({
  startToCloseTimeout: '10s',
  retry: { ...retry, maximumAttempts: LOCAL_ATTEMPTS },
  summary: 'Checks the order',
});

const { validateOrder: validateVisibly } = proxyActivities<OrderActivities>({
  ...short,
  summary: 'Checks the order; earlier attempts failed',
});

/**
 * Database only, so it runs inside the workflow task. After a few failures it becomes an ordinary activity, whose
 * failures the Temporal UI shows and whose retries add no events.
 */
export const validateOrder: OrderActivities['validateOrder'] = async (orderId) => {
  try {
    return await validateLocally(orderId);
  } catch (error) {
    // A local activity fails with the attempt's own failure, without an `ActivityFailure` around it.
    if (!(error instanceof TemporalFailure) || !patched('validate-visibly')) throw error;
    return await validateVisibly(orderId);
  }
};

/** One attempt, which fails at once if the pharmacy has stopped answering quickly; see `tryLocally`. */
export const locally = proxyLocalActivities<Pick<OrderActivities, 'placeOrder' | 'fetchDocuments'>>(
  {
    startToCloseTimeout: '1m',
    retry: { maximumAttempts: 1 },
    summary: 'At a pharmacy that answers quickly',
  },
);

export const { placeOrder } = proxyActivities<OrderActivities>({
  ...short,
  summary: 'Places the order at the pharmacy, once',
});

export const { cancelOrder } = proxyActivities<OrderActivities>({
  ...short,
  summary: 'Requests the cancellation at the pharmacy',
});

export const { applyRepair } = proxyActivities<OrderActivities>({
  ...short,
  summary: 'Records an operator’s update',
});

export const { fetchDocuments } = proxyActivities<OrderActivities>({
  ...long,
  summary: 'Reads the order at the pharmacy and stores its documents',
});

export const { expireOrder } = proxyActivities<OrderActivities>({
  ...long,
  summary: 'Cancels the order at the pharmacy, because it waited too long',
});

/** One read of the order per attempt; the workflow cancels it when a signal comes first. */
export const { lookForCompletion } = proxyActivities<OrderActivities>({
  startToCloseTimeout: '1m',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry,
  summary: 'Polls the pharmacy; a failed attempt is a poll of an open order',
});
