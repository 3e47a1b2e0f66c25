import { ApplicationFailure, TemporalFailure } from '@temporalio/workflow';
import type { FailedLocally } from './order-activities.ts';
import type { OrderRun } from './order-run.ts';

/** The result of a local attempt; or no result, and the argument that hands its failure on, if it has one. */
type LocalAttempt<R> =
  | { readonly result: R }
  | { readonly result?: undefined; readonly failed: [] | [FailedLocally] };

/**
 * Tries a step at the pharmacy once as a local activity, if the pharmacy answers quickly. A local activity runs inside
 * of the workflow task: it saves six events and a workflow task, and the status before the step is not published,
 * because nobody could see it. A step that does not succeed at once becomes an ordinary activity, which the
 * Temporal UI shows (docs/adr/0041-local-steps.md).
 */
export async function tryLocally<R>(
  run: OrderRun,
  attempt: () => Promise<R>,
): Promise<LocalAttempt<R>> {
  if (!run.isQuick) return { failed: [] };
  try {
    return { result: await attempt() };
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    return { failed: failedLocally(error) };
  }
}

/** A time-out, or an attempt that did nothing, asks for no delay. */
function failedLocally(failure: TemporalFailure): [] | [FailedLocally] {
  if (!(failure instanceof ApplicationFailure)) return [];
  const { type, message, details } = failure;
  const delayMs: unknown = details?.[0];
  if (typeof type !== 'string' || typeof delayMs !== 'number') return [];
  return [{ type, code: message, delayMs }];
}
