import {
  ActivityCancellationType,
  allHandlersFinished,
  CancellationScope,
  condition,
  currentUpdateInfo,
  isCancellation,
  log,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { OrderStatus } from '../contract/order.ts';
import type { OrderActivities, StepResult, WaitLimits } from './order-activities.ts';
import {
  cancelRequested,
  cancelUpdate,
  type OrderInput,
  type OrderProgress,
  type OrderResult,
  orderCompleted,
  type RepairInput,
  retryUpdate,
  statusQuery,
} from './order-messages.ts';
import { validateRepair } from './validate-repair.ts';

// An activity says itself when to try again (`nextRetryDelay`); these intervals are for the attempts
// that end without a word, such as a killed worker's: as few as those are, the number of all attempts
// makes the interval long.
const retry = { initialInterval: '1s', maximumInterval: '10s' } as const;

const checking = proxyLocalActivities<OrderActivities>({ startToCloseTimeout: '10s', retry });

const asking = proxyActivities<OrderActivities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  retry,
});

const fetching = proxyActivities<OrderActivities>({
  startToCloseTimeout: '30m',
  heartbeatTimeout: '10s',
  retry,
});

const looking = proxyActivities<OrderActivities>({
  startToCloseTimeout: '1m',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  retry,
});

/**
 * One prescription order, from its acceptance to its end:
 * validate → place order → wait for completion → fetch documents. Its cancellation may be asked for
 * at any time (docs/adr/0007).
 */
export async function order(input: OrderInput): Promise<OrderResult> {
  // A cancel request of the Temporal UI must not end an order that the pharmacy may have:
  // cancelling goes through Postgres and reaches the workflow as a signal.
  return await CancellationScope.nonCancellable(() => carryThrough(input));
}

async function carryThrough({ orderId, pharmacyId, resting }: OrderInput): Promise<OrderResult> {
  let progress: OrderProgress = { status: 'ACCEPTED', since: now() };
  let pharmacyHint = false;
  let cancelRequests = 0; // signals so far,
  let cancelsCarriedOut = 0; // and how many of them the pharmacy was asked for
  let retryWanted = false;

  setHandler(statusQuery, () => progress);
  setHandler(orderCompleted, () => {
    pharmacyHint = true;
  });
  setHandler(cancelRequested, () => {
    cancelRequests += 1;
  });
  setHandler(
    retryUpdate,
    async (request?: RepairInput) => {
      // Histories from before have updates without a record.
      if (patched('repair')) await repair('retry', request);
      retryWanted = true;
    },
    { validator: (request) => validateRepair('retry', progress.status, request) },
  );
  setHandler(cancelUpdate, async (request?: RepairInput) => await repair('cancel', request), {
    validator: (request) => validateRepair('cancel', progress.status, request),
  });

  if (resting !== undefined) {
    const rested = await restAgain(resting);
    if (rested.outcome === 'ended') return await end(rested);
  }
  enter('ACCEPTED', 'Being checked.');
  const checked = await step(() => checking.validateOrder(orderId));
  if (checked.outcome === 'ended') return await end(checked);

  const placed = await step(() => {
    enter('PLACING', `Being placed at ${pharmacyId}.`);
    return asking.placeOrder(orderId);
  });
  if (placed.outcome === 'ended') return await end(placed);
  if (placed.settled) pharmacyHint = true;

  const limit = Date.now() + checked.completionLimitMs;
  for (;;) {
    enter(
      'AWAITING_COMPLETION',
      `Waiting for ${pharmacyId}, until ${new Date(limit).toISOString()}.`,
    );
    const inTime = await completion(checked, limit);
    const result = await step(() => {
      if (cancelWanted()) return cancel();
      if (!inTime) return fetching.expireOrder(orderId);
      enter('FETCHING_DOCUMENTS', `Fetching the documents from ${pharmacyId}.`);
      return fetching.fetchDocuments(orderId);
    });
    if (result.outcome === 'ended') return await end(result);
    // A hint came too early, a completion just before the limit, or it was too late to cancel.
  }

  /**
   * Waits until the pharmacy is said to be done, or is seen to be, or is to be asked to cancel; false
   * when time is up.
   */
  async function completion({ firstLookMs }: WaitLimits, until: number): Promise<boolean> {
    const firstLook = Math.max(1, Math.min(firstLookMs, until - Date.now()));
    const news = () => pharmacyHint || cancelWanted();
    let inTime = await condition(news, firstLook, {
      summary: 'until the first look at the pharmacy',
    });
    if (!inTime) {
      const scope = new CancellationScope();
      const look = scope.run(() => looking.lookForCompletion(orderId, until));
      const seen = await Promise.race([look, condition(news)]);
      scope.cancel();
      await look.catch(ignoreCancellation);
      inTime = seen !== 'too-late';
    }
    // It counts when it is too late to cancel.
    if (!cancelWanted()) pharmacyHint = false;
    return inTime;
  }

  /** A cancellation then comes as a signal, by the outbox, like every other. */
  async function repair(kind: 'retry' | 'cancel', request: RepairInput = {}): Promise<void> {
    const updateId = currentUpdateInfo()?.id ?? '';
    await asking.applyRepair(orderId, { kind, updateId, request });
  }

  function cancelWanted(): boolean {
    return cancelRequests > cancelsCarriedOut;
  }

  /** Asks the pharmacy to cancel the order; when it is too late, the order goes on. */
  async function cancel(): Promise<StepResult> {
    cancelsCarriedOut = cancelRequests;
    enter(progress.status, `Asking ${pharmacyId} to cancel it.`, progress.reasonCode);
    const result = await asking.cancelOrder(orderId);
    if (result.outcome === 'done' && result.settled) pharmacyHint = true;
    return result;
  }

  /**
   * Runs a step until it is done or the order has ended; rests while people have to look. A request
   * to cancel wakes it: an order that was never sent has ended by it.
   */
  async function step<Done>(run: () => Promise<StepResult<Done>>): Promise<Resolved<Done>> {
    for (;;) {
      const [requestsBefore, carriedOutBefore] = [cancelRequests, cancelsCarriedOut];
      const result = await run();
      if (result.outcome !== 'needs-attention') return result;
      enter('NEEDS_ATTENTION', `${result.reasonCode}. Send the update "retry".`, result.reasonCode);
      // A retry that came before was for the rest before; being refused to cancel is no end of one.
      if (cancelsCarriedOut === carriedOutBefore) retryWanted = false;
      await condition(() => retryWanted || cancelRequests > requestsBefore);
    }
  }

  /** Begins a run in a lost one's place where that one rested, and wakes of what would have woken it. */
  async function restAgain({ reasonCode, placed }: Resting): Promise<Resolved<object>> {
    let awake = false;
    return await step(async () => {
      if (awake) return placed && cancelWanted() ? await cancel() : { outcome: 'done' };
      awake = true;
      return { outcome: 'needs-attention', reasonCode };
    });
  }

  async function end({ status, reasonCode }: Ended): Promise<OrderResult> {
    enter(status, 'The order has ended.', reasonCode);
    await condition(allHandlersFinished);
    return { orderId, status, ...(reasonCode === undefined ? {} : { reasonCode }) };
  }

  /** Tells the query, the UI and the search where the order is now. */
  function enter(status: OrderStatus, details: string, reasonCode?: string): void {
    // The search attribute is an event; the first one came with the start.
    if (status !== progress.status) {
      upsertSearchAttributes([{ key: { name: 'OrderStatus', type: 'KEYWORD' }, value: status }]);
    }
    if (status !== progress.status || reasonCode !== progress.reasonCode) {
      progress = { status, since: now(), ...(reasonCode === undefined ? {} : { reasonCode }) };
    }
    log.info(`order is ${status}`, { orderId, status });
    setCurrentDetails(`**${status}** since ${progress.since}\n\n${details}`);
  }
}

type Resting = Exclude<OrderInput['resting'], undefined>;
type Ended = Extract<StepResult, { outcome: 'ended' }>;
type Resolved<Done> = Ended | ({ readonly outcome: 'done' } & Done);

/** The workflow's own time, which a replay repeats. */
function now(): string {
  return new Date().toISOString();
}

function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
