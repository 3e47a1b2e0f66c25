import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { count, describeOnSkippedTime, server, startOrder } from './rig.ts';
import {
  CHECKED,
  COMPLETED,
  DAY_MS,
  DONE,
  EXPIRED,
  HOUR_MS,
  retryIn,
  SETTLED,
  stuck,
} from './stand-ins.ts';

// Every branch of the order workflow is in one of the tests of this folder, measured once on an instrumented copy. The
// exceptions: what only replays of earlier histories reach (test/replay), rethrown errors that no activity causes, and
// the fallback for an update without an id.
describeOnSkippedTime('the order workflow', () => {
  it('validates, places, waits for the webhook and fetches the documents', async () => {
    const order = await startOrder({});
    await order.reach('AWAITING_COMPLETION');
    await order.complete();
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls).toEqual(['validateOrder', 'placeOrder', 'fetchDocuments']);
  });

  it('fetches at once when the pharmacy has finished while the order was placed', async () => {
    const order = await startOrder({ placeOrder: [SETTLED] });
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls).toEqual(['validateOrder', 'placeOrder', 'fetchDocuments']);
  });

  it('polls every hour for 30 days, and then expires the order', async () => {
    const order = await startOrder({
      lookForCompletion: [...Array.from({ length: 720 }, () => retryIn(HOUR_MS)), 'too-late'],
    });
    expect(await order.end()).toBe('EXPIRED COMPLETION_LIMIT');
    expect(count(order, 'lookForCompletion')).toBe(721);
    expect(await order.tookMs()).toBeGreaterThanOrEqual(30 * DAY_MS);
    expect((await order.events()).length).toBeLessThanOrEqual(40);
  });

  it('polls for the first time at the limit when the limit comes before the first poll', async () => {
    const order = await startOrder({
      validateOrder: [{ ...CHECKED, completionLimitMs: 60_000 }],
      lookForCompletion: ['too-late'],
    });
    expect(await order.end()).toBe('EXPIRED COMPLETION_LIMIT');
    expect(await order.tookMs()).toBeLessThan(HOUR_MS);
  });

  it('fetches when a poll finds the order completed', async () => {
    const order = await startOrder({ lookForCompletion: [retryIn(HOUR_MS), 'settled'] });
    expect(await order.end()).toBe('COMPLETED');
    expect(count(order, 'lookForCompletion')).toBe(2);
  });

  it('fetches when a webhook comes between two polls', async () => {
    const order = await startOrder({ lookForCompletion: [retryIn(20 * DAY_MS)] });
    await order.reach('AWAITING_COMPLETION');
    await server().sleep(2 * HOUR_MS);
    await order.complete();
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls.slice(2)).toEqual(['lookForCompletion', 'fetchDocuments']);
  });

  it('waits again after a wrong hint, with the first deadline', async () => {
    const order = await startOrder({
      fetchDocuments: [DONE, COMPLETED],
      lookForCompletion: ['too-late', 'settled'],
      expireOrder: [DONE],
    });
    await order.reach('AWAITING_COMPLETION');
    await order.complete();
    // Too late, but the pharmacy has finished after all.
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls.slice(2)).toEqual([
      ...['fetchDocuments', 'lookForCompletion', 'expireOrder', 'lookForCompletion'],
      'fetchDocuments',
    ]);
  });

  it.each([
    ['the check', { validateOrder: [EXPIRED] }, 'EXPIRED COMPLETION_LIMIT', 1],
    [
      'the pharmacy’s refusal',
      { placeOrder: [{ outcome: 'ended', status: 'REJECTED', reasonCode: 'NO' }] },
      'REJECTED NO',
      2,
    ],
  ] as const)('ends with %s', async (_what, script, end, calls) => {
    const order = await startOrder(script);
    expect(await order.end()).toBe(end);
    expect(order.calls).toHaveLength(calls);
  });

  it.each([
    ['validateOrder', [stuck('X'), CHECKED]],
    ['placeOrder', [stuck('X'), SETTLED]],
    ['fetchDocuments', [stuck('X'), COMPLETED]],
    ['expireOrder', [stuck('X'), EXPIRED]],
  ] as const)('waits for a retry when %s needs an operator', async (name, answers) => {
    const order = await startOrder({
      lookForCompletion: [name === 'expireOrder' ? 'too-late' : 'settled'],
      [name]: answers,
    });
    if (name === 'fetchDocuments') {
      await order.reach('AWAITING_COMPLETION');
      await order.complete();
    }
    if (name === 'expireOrder') {
      await order.reach('AWAITING_COMPLETION');
      await server().sleep(2 * HOUR_MS);
    }
    await order.reach('NEEDS_ATTENTION', 'X');
    await order.retry();
    expect(await order.end()).toMatch(/^(COMPLETED|EXPIRED)/);
    expect(count(order, name)).toBe(2);
    expect(count(order, 'applyRepair')).toBe(1);
  });

  it('needs a new retry for a new problem', async () => {
    const order = await startOrder({ placeOrder: [stuck('X'), stuck('Y'), SETTLED] });
    await order.reach('NEEDS_ATTENTION', 'X');
    await order.retry();
    await order.reach('NEEDS_ATTENTION', 'Y');
    expect(count(order, 'placeOrder')).toBe(2);
    await order.retry();
    expect(await order.end()).toBe('COMPLETED');
  });

  it('shows a check that keeps failing as a pending activity, and adds no events meanwhile', async () => {
    const order = await startOrder({
      validateOrder: [
        ...Array.from({ length: 3 }, () => retryIn(1)),
        ...Array.from({ length: 48 }, () => retryIn(60_000)),
        EXPIRED,
      ],
    });
    await eventually('the check is visible', async () => {
      const { raw } = await order.handle.describe();
      return (raw.pendingActivities ?? []).some(
        ({ activityType }) => activityType?.name === 'validateOrder',
      );
    });
    expect(await order.end()).toBe('EXPIRED COMPLETION_LIMIT');
    expect(count(order, 'validateOrder')).toBe(52);
    expect((await order.events()).length).toBeLessThanOrEqual(40);
  });
});
