import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { OrderInput } from './order-messages.ts';
import { cancelPending } from './order-requests.ts';
import type { OrderRun } from './order-run.ts';
import { lookForCompletion } from './order-steps.ts';

/** Until when to wait for the pharmacy, and how long for its webhook alone. */
export type Wait = Exclude<OrderInput['waiting'], undefined>;

/**
 * Why a wait ended. `news`: the pharmacy seems to have finished with the order, by its webhook or by a poll, or
 * a cancellation was requested. `too-late`: the last poll at the deadline found the order open.
 */
export type WaitOutcome = 'news' | 'too-late';

/** Waits for news: for the webhook alone at first, then by polling, too. */
export async function waitForNews(
  { orderId, requests }: OrderRun,
  { firstLookMs, deadline }: Wait,
): Promise<WaitOutcome> {
  const signalled = () => requests.hint || cancelPending(requests);
  const firstPoll = Math.max(1, Math.min(firstLookMs, deadline - Date.now()));
  const isSignalled = await condition(signalled, firstPoll, {
    summary: 'until the first look at the pharmacy',
  });
  let outcome: WaitOutcome = 'news';
  if (!isSignalled) {
    // One activity polls for days: its retries add no history (docs/adr/0002).
    const scope = new CancellationScope();
    const poll = scope.run(() => lookForCompletion(orderId, deadline));
    const polled = await Promise.race([poll, condition(signalled)]);
    scope.cancel();
    await poll.catch(ignoreCancellation);
    if (polled === 'too-late') outcome = 'too-late';
  }
  // A pending cancellation comes first; if the pharmacy refuses it, the hint still counts.
  if (!cancelPending(requests)) requests.hint = false;
  return outcome;
}

function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
