import {
  allHandlersFinished,
  condition,
  continueAsNew,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import type { OrderInput, OrderResult } from './order-messages.ts';
import type { OrderRun } from './order-run.ts';

/** A usual order has about 25 events. Only a great many signals, updates or wrong hints make so many. */
const MOST_EVENTS = 500;

/**
 * Continues the order in a new run if this run's history is long, because Temporal ends a workflow whose
 * history is too long.
 *
 * @param stateToKeep returns the input that lets the new run continue; undefined: this run has something to
 *   do first. Called when all handlers have finished.
 */
export async function continueIfLong(
  { orderId, pharmacyId }: OrderRun,
  stateToKeep: () => Pick<OrderInput, 'resting' | 'waiting'> | undefined,
): Promise<void> {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  if (historyLength < MOST_EVENTS && !continueAsNewSuggested) return;
  if (!patched('continue-as-new')) return;
  await condition(allHandlersFinished);
  const state = stateToKeep();
  if (state === undefined) return;
  await continueAsNew<(input: OrderInput) => Promise<OrderResult>>({
    orderId,
    pharmacyId,
    ...state,
  });
}
