import {
  ActivityFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  currentUpdateInfo,
  isCancellation,
  log,
  patched,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { OrderStatus } from '../contract/order.ts';
import type { StepResult, WaitLimits } from './order-activities.ts';
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
import { local, long, polling, short } from './order-steps.ts';
import { validateRepair } from './validate-repair.ts';

/**
 * The workflow of one prescription order:
 * validate → place at the pharmacy → wait for completion → fetch documents.
 *
 * - Each activity records its result in Postgres before it returns; this code follows Postgres.
 * - If retrying cannot help, a step returns `needs-attention`: the order waits in `NEEDS_ATTENTION`
 *   for the update `retry`, or for a cancellation.
 * - A cancellation may be requested at any time; the pharmacy decides (docs/adr/0007-cancelling.md).
 * - Open orders replay this code: docs/workflow-versions.md says how to change it.
 */
export async function order(input: OrderInput): Promise<OrderResult> {
  // A cancel request from the Temporal UI must not end an order that the pharmacy may have.
  // A cancellation goes through Postgres and reaches the workflow as the signal `cancelRequested`.
  return await CancellationScope.nonCancellable(() => processOrder(input));
}

async function processOrder({ orderId, pharmacyId, resting }: OrderInput): Promise<OrderResult> {
  let progress: OrderProgress = { status: 'ACCEPTED', since: now() };
  let pharmacyHint = false; // the pharmacy may have finished with the order
  let retryRequested = false;
  let cancelRequests = 0; // signals received,
  let cancelsAttempted = 0; // and how many of them the pharmacy has been asked about

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
      // Histories from before this patch have updates without the activity `applyRepair`.
      if (patched('repair')) await recordRepair('retry', request);
      retryRequested = true;
    },
    { validator: (request) => validateRepair('retry', progress.status, request) },
  );
  setHandler(cancelUpdate, async (request?: RepairInput) => await recordRepair('cancel', request), {
    validator: (request) => validateRepair('cancel', progress.status, request),
  });

  // This run replaces a lost one whose order was in NEEDS_ATTENTION.
  if (resting !== undefined) {
    const resumed = await resumeNeedsAttention(resting);
    if (resumed.outcome === 'ended') return await finish(resumed);
  }

  enter('ACCEPTED', 'Being checked.');
  const checked = await step(() => local.validateOrder(orderId));
  if (checked.outcome === 'ended') return await finish(checked);

  const placed = await step(place);
  if (placed.outcome === 'ended') return await finish(placed);
  if (placed.settled) pharmacyHint = true;

  const deadline = Date.now() + checked.completionLimitMs;
  for (;;) {
    enter(
      'AWAITING_COMPLETION',
      `Waiting for ${pharmacyId}, until ${new Date(deadline).toISOString()}.`,
    );
    const inTime = await waitForCompletion(checked, deadline);
    const result = await step(() => {
      if (cancelPending()) return cancelAtPharmacy();
      if (!inTime) return long.expireOrder(orderId);
      enter('FETCHING_DOCUMENTS', `Fetching the documents from ${pharmacyId}.`);
      return long.fetchDocuments(orderId);
    });
    if (result.outcome === 'ended') return await finish(result);
    // Still open: the hint was wrong, the cancellation was refused, or the order was completed just
    // before the deadline.
  }

  /**
   * Waits until the pharmacy seems to have finished with the order, by its webhook or by polling, or
   * until a cancellation is requested.
   *
   * @returns false when the deadline has passed.
   */
  async function waitForCompletion({ firstLookMs }: WaitLimits, until: number): Promise<boolean> {
    const signalled = () => pharmacyHint || cancelPending();
    const firstPoll = Math.max(1, Math.min(firstLookMs, until - Date.now()));
    let inTime = await condition(signalled, firstPoll, {
      summary: 'until the first look at the pharmacy',
    });
    if (!inTime) {
      // One activity polls for days: its retries add no history (docs/adr/0002).
      const scope = new CancellationScope();
      const poll = scope.run(() => polling.lookForCompletion(orderId, until));
      const polled = await Promise.race([poll, condition(signalled)]);
      scope.cancel();
      await poll.catch(ignoreCancellation);
      inTime = polled !== 'too-late';
    }
    // A pending cancellation comes first; if the pharmacy refuses it, the hint still counts.
    if (!cancelPending()) pharmacyHint = false;
    return inTime;
  }

  /**
   * Runs a step until it is done or has ended the order. While the order needs attention, waits for a
   * retry or a cancellation. After a cancellation the step runs again, because an order that was never
   * sent is cancelled in Postgres and the step returns that end.
   */
  async function step<Done>(run: () => Promise<StepResult<Done>>): Promise<Resolved<Done>> {
    for (;;) {
      const [requestsBefore, attemptedBefore] = [cancelRequests, cancelsAttempted];
      const result = await run();
      if (result.outcome !== 'needs-attention') return result;
      enter('NEEDS_ATTENTION', `${result.reasonCode}. Send the update "retry".`, result.reasonCode);
      // A new problem needs a new retry. A refused cancellation is no new problem: a retry that came
      // during it counts.
      if (cancelsAttempted === attemptedBefore) retryRequested = false;
      await condition(() => retryRequested || cancelRequests > requestsBefore);
    }
  }

  /**
   * Places the order. A cancellation interrupts the wait between two attempts: the pharmacy may have the
   * order, so it decides.
   */
  async function place(): Promise<StepResult<{ readonly settled: boolean }>> {
    // Histories from before this patch wait for `placeOrder` whatever happens.
    while (cancelPending() && patched('cancel-while-placing')) {
      const cancelled = await cancelAtPharmacy();
      if (cancelled.outcome === 'needs-attention' && cancelled.isPending) cancelsAttempted -= 1;
      if (cancelled.outcome !== 'done') return cancelled;
    }
    enter('PLACING', `Being placed at ${pharmacyId}.`);
    const scope = new CancellationScope();
    const placing = scope.run(() => short.placeOrder(orderId));
    const interrupted = condition(cancelPending).then(() => 'interrupted' as const);
    const first = await Promise.race([placing, interrupted]);
    if (first !== 'interrupted') return first;
    if (!patched('cancel-while-placing')) return await placing;
    scope.cancel();
    try {
      return await placing;
    } catch (error) {
      // Temporal does not retry a cancelled activity, whether its attempt failed, timed out or ended early.
      if (!(error instanceof ActivityFailure)) throw error;
      return await place();
    }
  }

  function cancelPending(): boolean {
    return cancelRequests > cancelsAttempted;
  }

  /** Requests the cancellation at the pharmacy; if the pharmacy refuses, the order continues. */
  async function cancelAtPharmacy(): Promise<StepResult> {
    cancelsAttempted = cancelRequests;
    enter(progress.status, `Asking ${pharmacyId} to cancel it.`, progress.reasonCode);
    const result = await short.cancelOrder(orderId);
    if (result.outcome === 'done' && result.settled) pharmacyHint = true;
    return result;
  }

  /** Records an update in Postgres. A cancellation comes back as a signal, like every other. */
  async function recordRepair(kind: 'retry' | 'cancel', request: RepairInput = {}): Promise<void> {
    const updateId = currentUpdateInfo()?.id ?? '';
    await short.applyRepair(orderId, { kind, updateId, request });
  }

  /** Waits in NEEDS_ATTENTION as the lost run did, until a retry or a cancellation. */
  async function resumeNeedsAttention({ reasonCode, placed }: Resting): Promise<Resolved<object>> {
    let resumed = false;
    return await step(async () => {
      if (resumed)
        return placed && cancelPending() ? await cancelAtPharmacy() : { outcome: 'done' };
      resumed = true;
      return { outcome: 'needs-attention', reasonCode };
    });
  }

  async function finish({ status, reasonCode }: Ended): Promise<OrderResult> {
    enter(status, 'The order has ended.', reasonCode);
    await condition(allHandlersFinished);
    return { orderId, status, ...(reasonCode === undefined ? {} : { reasonCode }) };
  }

  /** Updates the query's answer, the search attribute and the details in the Temporal UI. */
  function enter(status: OrderStatus, details: string, reasonCode?: string): void {
    // Upserting adds an event to the history, so only changes do. The start set the first value.
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

/** The workflow's own clock, which is the same in a replay. */
function now(): string {
  return new Date().toISOString();
}

function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
