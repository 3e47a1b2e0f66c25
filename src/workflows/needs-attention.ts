import { condition } from '@temporalio/workflow';
import { continueIfLong } from './new-run.ts';
import type { StepResult } from './order-activities.ts';
import type { OrderInput } from './order-messages.ts';
import { cancelPending } from './order-requests.ts';
import type { OrderRun } from './order-run.ts';
import { cancelAtPharmacy } from './pharmacy-steps.ts';

/** A step's result that lets the order continue or end. */
export type Resolved<Done = object> = Ended | ({ readonly outcome: 'done' } & Done);
export type Ended = Extract<StepResult, { outcome: 'ended' }>;

/**
 * Runs a step until it is done or has ended the order. When the step needs an operator, waits in
 * `NEEDS_ATTENTION` for a retry or a cancellation, and runs the step again. It does so after a cancellation,
 * too: steps handle cancellations themselves, and an order that was never sent is cancelled in Postgres,
 * which the step returns as its end.
 */
export async function step<Done>(
  run: OrderRun,
  attempt: () => Promise<StepResult<Done>>,
): Promise<Resolved<Done>> {
  const { progress, requests } = run;
  for (;;) {
    const before = { ...requests };
    const result = await attempt();
    if (result.outcome !== 'needs-attention') return result;
    const { reasonCode } = result;
    // The answer to an operator's update would wait for a local step.
    run.isQuick = false;
    progress.enter('NEEDS_ATTENTION', `${reasonCode}. Send the update "retry".`, reasonCode);
    // A new problem needs a new retry. A refused cancellation is no new problem: a retry that came
    // during it counts.
    if (requests.cancelsAttempted === before.cancelsAttempted) requests.retry = false;
    const answered = () => requests.retry || requests.cancels > before.cancels;
    await continueIfLong(run, () =>
      answered() ? undefined : { resting: { reasonCode, placed: run.placed } },
    );
    await condition(answered);
  }
}

/**
 * Waits in `NEEDS_ATTENTION`, where an earlier run of the order stopped, for a retry or a cancellation.
 *
 * @returns `done` after a retry: the order starts over, because each step skips what Postgres says is done.
 *   After a cancellation of an order that the pharmacy has, what the pharmacy decided.
 */
export async function resumeAttention(
  run: OrderRun,
  { reasonCode }: Exclude<OrderInput['resting'], undefined>,
): Promise<Resolved> {
  let isRestored = false;
  return await step<object>(run, async () => {
    if (!isRestored) {
      // Stands for the step that needed attention in the earlier run.
      isRestored = true;
      return { outcome: 'needs-attention', reasonCode };
    }
    if (run.placed && cancelPending(run.requests)) return await cancelAtPharmacy(run);
    return { outcome: 'done' };
  });
}
