import { ApplicationFailure } from '@temporalio/common';
import { expect, it } from 'vitest';
import { retryableFailure } from '../../src/activities/pharmacy-retry-policy.ts';
import { PharmacyUnavailableError } from '../../src/pharmacy/pharmacy-errors.ts';
import type { FailedLocally } from '../../src/workflows/order-activities.ts';
import { after, describeOnSkippedTime, type Started, server, startOrder } from './rig.ts';
import {
  CANCELLED,
  CHECKED,
  COMPLETED,
  DONE,
  HOUR_MS,
  PLACED,
  retryIn,
  SETTLED,
  stuck,
} from './stand-ins.ts';

/** The check of an order whose pharmacy answers quickly. */
const QUICK = { ...CHECKED, isQuick: true };

const NOT_LOCALLY = ApplicationFailure.create({ type: 'NOT_LOCALLY', nonRetryable: true });

/** The activities that the Temporal UI shows, and the statuses that operators can search for. */
async function visible(order: Started) {
  const events = await order.events();
  const names = events.flatMap(
    ({ activityTaskScheduledEventAttributes: event }) => event?.activityType?.name ?? [],
  );
  const statuses = events.flatMap(
    ({ upsertWorkflowSearchAttributesEventAttributes: event }) =>
      event?.searchAttributes?.indexedFields?.['OrderStatus']?.data ?? [],
  );
  return { activities: names, statuses: statuses.map((data) => JSON.parse(String(data))) };
}

describeOnSkippedTime('the order workflow at a pharmacy that answers quickly', () => {
  it('completes with local steps', async () => {
    const order = await startOrder({ validateOrder: [QUICK] });
    await order.reach('AWAITING_COMPLETION');
    await order.complete();
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls).toEqual(['validateOrder', 'placeOrder', 'fetchDocuments']);
    expect(await visible(order)).toEqual({
      activities: [],
      statuses: ['AWAITING_COMPLETION', 'COMPLETED'],
    });
  });

  it('completes with visible steps after local attempts that did nothing', async () => {
    const order = await startOrder({
      validateOrder: [QUICK],
      placeOrder: [NOT_LOCALLY, SETTLED],
      fetchDocuments: [NOT_LOCALLY, COMPLETED],
    });
    expect(await order.end()).toBe('COMPLETED');
    expect(await visible(order)).toEqual({
      activities: ['placeOrder', 'fetchDocuments'],
      statuses: ['PLACING', 'AWAITING_COMPLETION', 'FETCHING_DOCUMENTS', 'COMPLETED'],
    });
  });

  it('hands the failure of a local attempt on to the visible step', async () => {
    const given: unknown[] = [];
    const busy = retryableFailure(new PharmacyUnavailableError('PHARMACY_HTTP_503'), 7_000);
    const take =
      <Result>(result: Result) =>
      async (_orderId: string, failed?: FailedLocally) => {
        given.push(failed);
        return result;
      };
    const order = await startOrder({
      validateOrder: [QUICK],
      placeOrder: [busy, take(SETTLED)],
      fetchDocuments: [busy, take(COMPLETED)],
    });
    expect(await order.end()).toBe('COMPLETED');
    const handedOn = { type: 'PHARMACY_UNAVAILABLE', code: 'PHARMACY_HTTP_503', delayMs: 7_000 };
    expect(given).toEqual([handedOn, handedOn]);
  });

  it('runs the steps visibly after the retry of an operator', async () => {
    const order = await startOrder({
      validateOrder: [QUICK],
      placeOrder: [stuck('X'), SETTLED],
    });
    await order.reach('NEEDS_ATTENTION', 'X');
    await order.retry();
    expect(await order.end()).toBe('COMPLETED');
    expect((await visible(order)).activities).toEqual([
      'applyRepair',
      'placeOrder',
      'fetchDocuments',
    ]);
  });

  it('runs the steps visibly after the check has needed an operator', async () => {
    const order = await startOrder({ validateOrder: [stuck('X'), QUICK], placeOrder: [SETTLED] });
    await order.reach('NEEDS_ATTENTION', 'X');
    await order.retry();
    expect(await order.end()).toBe('COMPLETED');
    expect((await visible(order)).activities).toEqual([
      'applyRepair',
      'placeOrder',
      'fetchDocuments',
    ]);
  });

  it('asks the pharmacy about a cancellation that came during the local step', async () => {
    const order = await startOrder({
      validateOrder: [QUICK],
      placeOrder: [after((started) => started.cancel(), PLACED)],
      cancelOrder: [CANCELLED],
    });
    expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
    expect(order.calls).toEqual(['validateOrder', 'placeOrder', 'cancelOrder']);
  });

  it('waits again after a wrong hint that a local step followed', async () => {
    const order = await startOrder({
      validateOrder: [QUICK],
      fetchDocuments: [DONE, COMPLETED],
      lookForCompletion: [retryIn(HOUR_MS), 'settled'],
    });
    await order.reach('AWAITING_COMPLETION');
    await order.complete();
    await server().sleep(3 * HOUR_MS);
    expect(await order.end()).toBe('COMPLETED');
    expect((await visible(order)).activities).toEqual(['lookForCompletion']);
  });
});
