import { ActivityFailure, CancellationScope, condition, patched } from '@temporalio/workflow';
import type { StepResult } from './order-activities.ts';
import { cancelPending } from './order-requests.ts';
import type { OrderRun } from './order-run.ts';
import { cancelOrder, fetchDocuments, locally, placeOrder } from './order-steps.ts';
import { tryLocally } from './try-locally.ts';

/**
 * Places the order. A cancellation interrupts the wait between two attempts: the pharmacy may have the
 * order, so it decides.
 */
export async function placeAtPharmacy(
  run: OrderRun,
): Promise<StepResult<{ readonly settled: boolean }>> {
  const { orderId, pharmacyId, progress, requests } = run;
  // Histories from before this patch wait for `placeOrder` whatever happens.
  while (cancelPending(requests) && patched('cancel-while-placing')) {
    const cancelled = await cancelAtPharmacy(run);
    // The pharmacy's answer is unknown: after the operator's retry it is asked again.
    if (cancelled.outcome === 'needs-attention' && cancelled.isPending) {
      requests.cancelsAttempted -= 1;
    }
    if (cancelled.outcome !== 'done') return cancelled;
  }
  const local = await tryLocally(run, () => locally.placeOrder(orderId));
  if (local.result !== undefined) return local.result;
  progress.enter('PLACING', `Being placed at ${pharmacyId}.`);
  const scope = new CancellationScope();
  const placing = scope.run(() => placeOrder(orderId, ...local.failed));
  const interrupted = condition(() => cancelPending(requests)).then(() => 'interrupted' as const);
  const first = await Promise.race([placing, interrupted]);
  if (first !== 'interrupted') return first;
  if (!patched('cancel-while-placing')) return await placing;
  scope.cancel();
  try {
    return await placing;
  } catch (error) {
    // Temporal does not retry a cancelled activity, whether its attempt failed, timed out or ended early.
    if (!(error instanceof ActivityFailure)) throw error;
    return await placeAtPharmacy(run);
  }
}

/** Fetches the documents, if the pharmacy has finished with the order. */
export async function fetchFromPharmacy(run: OrderRun): Promise<StepResult> {
  const { orderId, pharmacyId, progress } = run;
  const local = await tryLocally(run, () => locally.fetchDocuments(orderId));
  if (local.result !== undefined) return local.result;
  progress.enter('FETCHING_DOCUMENTS', `Fetching the documents from ${pharmacyId}.`);
  return await fetchDocuments(orderId, ...local.failed);
}

/** Requests the cancellation at the pharmacy; if the pharmacy refuses, the order continues. */
export async function cancelAtPharmacy({
  orderId,
  pharmacyId,
  progress,
  requests,
}: OrderRun): Promise<StepResult<{ readonly settled: boolean }>> {
  requests.cancelsAttempted = requests.cancels;
  const { status, reasonCode } = progress.current();
  progress.enter(status, `Asking ${pharmacyId} to cancel it.`, reasonCode);
  const result = await cancelOrder(orderId);
  if (result.outcome === 'done' && result.settled) requests.hint = true;
  return result;
}
