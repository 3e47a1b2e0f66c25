import { CancellationScope, currentUpdateInfo, patched, setHandler } from '@temporalio/workflow';
import {
  cancelRequested,
  cancelUpdate,
  orderCompleted,
  type RepairInput,
  retryUpdate,
} from './order-messages.ts';
import type { Progress } from './order-progress.ts';
import { applyRepair } from './order-steps.ts';
import { validateRepair } from './validate-repair.ts';

/** What signals and updates have asked of an order. The workflow resets what it has followed. */
export interface OrderRequests {
  /** The pharmacy may have finished with the order. */
  hint: boolean;
  /** An operator wants the failed step to run again. */
  retry: boolean;
  /** Signals that a cancellation was requested, */
  cancels: number;
  /** and how many of them the pharmacy has been asked about. */
  cancelsAttempted: number;
}

/** Sets the handlers of the order's signals and updates; returns what they record. */
export function receiveRequests(orderId: string, progress: Progress): OrderRequests {
  const requests: OrderRequests = { hint: false, retry: false, cancels: 0, cancelsAttempted: 0 };

  setHandler(
    orderCompleted,
    () => {
      requests.hint = true;
    },
    { description: 'The pharmacy may have finished with the order; the workflow reads it there.' },
  );
  setHandler(
    cancelRequested,
    () => {
      requests.cancels += 1;
    },
    { description: 'A cancellation is stored in Postgres. Send the update "cancel" instead.' },
  );
  setHandler(
    retryUpdate,
    async (request?: RepairInput) => {
      // Histories from before this patch have updates without the activity `applyRepair`.
      if (patched('repair')) await record('retry', request);
      requests.retry = true;
    },
    {
      description: 'Runs the failed step of an order in NEEDS_ATTENTION again.',
      validator: (request) => validateRepair('retry', progress.current().status, request),
    },
  );
  setHandler(cancelUpdate, async (request?: RepairInput) => await record('cancel', request), {
    description: 'Requests the cancellation of an order that has not ended, as the API does.',
    validator: (request) => validateRepair('cancel', progress.current().status, request),
  });
  return requests;

  /** Records an update in Postgres. A cancellation comes back as a signal, like every other. */
  async function record(kind: 'retry' | 'cancel', request: RepairInput = {}): Promise<void> {
    const updateId = currentUpdateInfo()?.id ?? '';
    // Handlers run outside the workflow's own scope; see `order`.
    await CancellationScope.nonCancellable(() => applyRepair(orderId, { kind, updateId, request }));
  }
}

/** Whether a cancellation was requested that the pharmacy has not been asked about. */
export function cancelPending({ cancels, cancelsAttempted }: OrderRequests): boolean {
  return cancels > cancelsAttempted;
}
