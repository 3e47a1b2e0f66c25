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
 * Runs a step until it is done or has ended the order. While the order needs attention, waits for a
 * retry or a cancellation. After a cancellation the step runs again, because an order that was never
 * sent is cancelled in Postgres and the step returns that end.
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
    progress.enter('NEEDS_ATTENTION', `${reasonCode}. Send the update "retry".`, reasonCode);
    // A new problem needs a new retry. A refused cancellation is no new problem: a retry that came
    // during it counts.
    if (requests.cancelsAttempted === before.cancelsAttempted) requests.retry = false;
    const requested = () => requests.retry || requests.cancels > before.cancels;
    await continueIfLong(run, () =>
      requested() ? undefined : { resting: { reasonCode, placed: run.placed } },
    );
    await condition(requested);
  }
}

/** Waits in NEEDS_ATTENTION as the run did that this one replaces, until a retry or a cancellation. */
export async function resume(
  run: OrderRun,
  { reasonCode, placed }: Exclude<OrderInput['resting'], undefined>,
): Promise<Resolved> {
  run.placed = placed;
  let resumed = false;
  return await step<object>(run, async () => {
    if (resumed) {
      return placed && cancelPending(run.requests)
        ? await cancelAtPharmacy(run)
        : { outcome: 'done' };
    }
    resumed = true;
    return { outcome: 'needs-attention', reasonCode };
  });
}
