import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import { type Ended, resumeAttention, step } from './needs-attention.ts';
import { continueIfLong } from './new-run.ts';
import type { StepResult } from './order-activities.ts';
import type { OrderInput, OrderResult } from './order-messages.ts';
import { cancelPending } from './order-requests.ts';
import { beginRun, type OrderRun } from './order-run.ts';
import { expireOrder, validateOrder } from './order-steps.ts';
import { cancelAtPharmacy, fetchFromPharmacy, placeAtPharmacy } from './pharmacy-steps.ts';
import { type Wait, type WaitOutcome, waitForNews } from './wait-for-news.ts';

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
  const run = beginRun(input);
  // A cancel request from the Temporal UI must not end an order that the pharmacy may have.
  // A cancellation goes through Postgres and reaches the workflow as the signal `cancelRequested`.
  return await CancellationScope.nonCancellable(async () => {
    const { status, reasonCode } = await processOrder(run, input);
    run.progress.enter(status, 'The order has ended.', reasonCode);
    await condition(allHandlersFinished);
    return { orderId: run.orderId, status, ...(reasonCode === undefined ? {} : { reasonCode }) };
  });
}

async function processOrder(run: OrderRun, { resting, waiting }: OrderInput): Promise<Ended> {
  // A run that takes over from an earlier one starts where that stopped; a new order has neither.
  if (waiting !== undefined) return await completeOrder(run, waiting);
  if (resting !== undefined) {
    const resumed = await resumeAttention(run, resting);
    if (resumed.outcome === 'ended') return resumed;
  }

  run.progress.enter('ACCEPTED', 'Being checked.');
  const checked = await step(run, () => validateOrder(run.orderId));
  if (checked.outcome === 'ended') return checked;
  run.isQuick &&= checked.isQuick === true;

  const placed = await step(run, () => placeAtPharmacy(run));
  if (placed.outcome === 'ended') return placed;
  run.placed = true;
  if (placed.settled) run.requests.hint = true;

  const { firstLookMs, completionLimitMs } = checked;
  return await completeOrder(run, { firstLookMs, deadline: Date.now() + completionLimitMs });
}

/** Waits for the pharmacy and follows what it reports, until the order ends. */
async function completeOrder(run: OrderRun, wait: Wait): Promise<Ended> {
  const { pharmacyId, progress, requests } = run;
  for (;;) {
    await continueIfLong(run, () => ({
      waiting: { ...wait, hint: requests.hint, cancelRequested: cancelPending(requests) },
    }));
    const deadline = new Date(wait.deadline).toISOString();
    progress.enter('AWAITING_COMPLETION', `Waiting for ${pharmacyId}, until ${deadline}.`);
    const outcome = await waitForNews(run, wait);
    const result = await step<object>(run, () => follow(run, outcome));
    if (result.outcome === 'ended') return result;
    // Still open: the hint was wrong, the cancellation was refused, or the order was completed just
    // before the deadline.
  }
}

/** Acts on the end of a wait. Runs again after a retry or a cancellation, if this needed attention. */
function follow(run: OrderRun, outcome: WaitOutcome): Promise<StepResult> {
  // A cancellation ended the wait, or came at the deadline or while the order needed attention.
  if (cancelPending(run.requests)) return cancelAtPharmacy(run);
  if (outcome === 'too-late') return expireOrder(run.orderId);
  return fetchFromPharmacy(run);
}
