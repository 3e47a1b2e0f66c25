import { ApplicationFailure } from '@temporalio/common';
import type { OrderActivities, StepResult } from '../../src/workflows/order-activities.ts';

export const ACTIVITIES = [
  ...(['validateOrder', 'placeOrder', 'lookForCompletion', 'fetchDocuments'] as const),
  ...(['cancelOrder', 'applyRepair', 'expireOrder'] as const),
] satisfies (keyof OrderActivities)[];

/** The result of one call of an activity: a value, an error, or what a function returns. */
type Answer<Name extends keyof OrderActivities> =
  | Awaited<ReturnType<OrderActivities[Name]>>
  | Error
  | OrderActivities[Name];

/** What each activity answers, call by call; the last answer repeats. */
export type Script = { [Name in keyof OrderActivities]?: readonly Answer<Name>[] };

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export const DONE = { outcome: 'done' } as const;
export const PLACED = { outcome: 'done', settled: false } as const;
export const SETTLED = { outcome: 'done', settled: true } as const;
export const CHECKED = {
  outcome: 'done',
  firstLookMs: HOUR_MS,
  completionLimitMs: 30 * DAY_MS,
} as const;
export const COMPLETED = { outcome: 'ended', status: 'COMPLETED' } as const;
export const CANCELLED = {
  outcome: 'ended',
  status: 'CANCELLED',
  reasonCode: 'CANCEL_REQUESTED',
} as const;
export const EXPIRED = {
  outcome: 'ended',
  status: 'EXPIRED',
  reasonCode: 'COMPLETION_LIMIT',
} as const;

/** The result of a step that needs an operator. */
export function stuck(reasonCode: string): Extract<StepResult, { outcome: 'needs-attention' }> {
  return { outcome: 'needs-attention', reasonCode };
}

/** A failed attempt, which Temporal retries after `delayMs`. */
export function retryIn(delayMs: number): ApplicationFailure {
  return ApplicationFailure.create({ type: 'PHARMACY_UNAVAILABLE', nextRetryDelay: delayMs });
}

/**
 * Activities that follow a script instead of a pharmacy and Postgres. By default they carry an order to
 * its completion.
 *
 * @param calls receives the name of each activity that runs.
 */
export function standIns(script: Script, calls: string[]): OrderActivities {
  const usual: Required<Script> = {
    validateOrder: [CHECKED],
    placeOrder: [PLACED],
    lookForCompletion: ['settled'],
    fetchDocuments: [COMPLETED],
    cancelOrder: [CANCELLED],
    applyRepair: [undefined],
    expireOrder: [EXPIRED],
  };
  function activity<Name extends keyof OrderActivities>(name: Name) {
    const answers = [...((script[name] ?? usual[name]) as readonly Answer<Name>[])];
    return async (...args: Parameters<OrderActivities[Name]>) => {
      calls.push(name);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) throw answer;
      return typeof answer === 'function'
        ? await (answer as (...args: unknown[]) => Promise<unknown>)(...args)
        : answer;
    };
  }
  return Object.fromEntries(
    ACTIVITIES.map((name) => [name, activity(name)]),
  ) as unknown as OrderActivities;
}
