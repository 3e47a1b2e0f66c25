import { z } from 'zod';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The fewest days that rows are kept. The database refuses to let a worker delete younger ones (migrations 0035 and 0038).
 */
export const LEAST_DAYS = { deliveries: 7, events: 7, inbox: 7, audit: 30 } as const;

/** A number of days; undefined: for ever. */
export const atLeastDays = (least: number) =>
  z.coerce.number().int().min(least).max(36_500).optional();

/** The variables that the rules below compare. */
interface Compared {
  readonly RETENTION_DELIVERIES_DAYS?: number | undefined;
  readonly RETENTION_EVENTS_DAYS?: number | undefined;
  readonly WEBHOOK_RETRY_SCHEDULE_MS: string;
}

/** Checks the rules that involve several variables; for `superRefine`. */
export function checkRetention(env: Compared, context: z.RefinementCtx): void {
  const { RETENTION_DELIVERIES_DAYS: deliveries, RETENTION_EVENTS_DAYS: events } = env;
  const refuse = (path: keyof Compared, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (events !== undefined && (deliveries === undefined || events < deliveries)) {
    refuse(
      'RETENTION_EVENTS_DAYS',
      'must be at least RETENTION_DELIVERIES_DAYS, which must be set: a delivery that is sent again needs its event',
    );
  }
  const scheduleMs = env.WEBHOOK_RETRY_SCHEDULE_MS.split(',')
    .map(Number)
    .reduce((sum, delay) => sum + delay, 0);
  if (deliveries !== undefined && deliveries * DAY_MS < scheduleMs + DAY_MS) {
    refuse(
      'RETENTION_DELIVERIES_DAYS',
      'must be a day longer than all delays of WEBHOOK_RETRY_SCHEDULE_MS together',
    );
  }
}
