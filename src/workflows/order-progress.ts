import {
  log,
  patched,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { OrderStatus } from '../contract/order.ts';
import { type OrderProgress, statusQuery } from './order-messages.ts';

/** The state of an order workflow, as queries and the Temporal UI show it. */
export interface Progress {
  /** The present state. */
  current(): OrderProgress;
  /**
   * Enters a status, or stays in it with other details.
   *
   * @param details Markdown for the Temporal UI; no patient data.
   * @param reasonCode a stable code, if the status has a reason.
   */
  enter(status: OrderStatus, details: string, reasonCode?: string): void;
}

/** Keeps the state of an order workflow, and answers the query `status`. */
export function trackProgress(orderId: string): Progress {
  let progress: OrderProgress = { status: 'ACCEPTED', since: now() };
  setHandler(statusQuery, () => progress, {
    description: 'The present status of the order, since when, and its reason code.',
  });

  return {
    current: () => progress,
    enter(status, details, reasonCode) {
      publish(progress, status, reasonCode);
      if (status !== progress.status || reasonCode !== progress.reasonCode) {
        progress = { status, since: now(), ...(reasonCode === undefined ? {} : { reasonCode }) };
      }
      log.info(`order is ${status}`, { orderId, status });
      setCurrentDetails(`**${status}** since ${progress.since}\n\n${details}`);
    },
  };
}

/** Upserts what has changed; each upsert adds an event. The start set the first status. */
function publish(before: OrderProgress, status: OrderStatus, reasonCode?: string): void {
  const statusChanges = status !== before.status;
  const reasonChanges = reasonCode !== before.reasonCode;
  // Before this patch another reason in the same status was not upserted.
  if (!statusChanges && !(reasonChanges && patched('reason-code'))) return;
  upsertSearchAttributes([
    { key: { name: 'OrderStatus', type: 'KEYWORD' }, value: status },
    // Only when it changes, so that most orders do not need the attribute, which is newer.
    ...(reasonChanges
      ? [
          {
            key: { name: 'OrderReasonCode', type: 'KEYWORD' } as const,
            value: reasonCode ?? null,
          },
        ]
      : []),
  ]);
}

/** The workflow's own clock, which is the same in a replay. */
function now(): string {
  return new Date().toISOString();
}
