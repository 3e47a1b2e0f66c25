import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { after, count, describeOnSkippedTime, lastAttributes, server, startOrder } from './rig.ts';
import {
  CANCELLED,
  COMPLETED,
  DAY_MS,
  DONE,
  HOUR_MS,
  PLACED,
  retryIn,
  SETTLED,
  stuck,
} from './stand-ins.ts';

describeOnSkippedTime('the order workflow on request', () => {
  it('rejects a retry of an order that does not need attention', async () => {
    const order = await startOrder({});
    await order.reach('AWAITING_COMPLETION');
    await expect(order.retry()).rejects.toMatchObject({ cause: { type: 'WRONG_STATUS' } });
    await order.complete();
    expect(await order.end()).toBe('COMPLETED');
  });

  it('rejects a cancellation after the end, while an earlier one is recorded', async () => {
    const recording = new EventEmitter();
    const order = await startOrder({
      applyRepair: [async () => void (await once(recording, 'recorded'))],
    });
    await order.reach('AWAITING_COMPLETION');
    const earlier = order.cancelByUpdate();
    await eventually('it is being recorded', async () => count(order, 'applyRepair') === 1);
    await order.complete();
    await order.reach('COMPLETED');
    await expect(order.cancelByUpdate()).rejects.toMatchObject({
      cause: { type: 'WRONG_STATUS', message: 'the order is COMPLETED; it has ended' },
    });
    recording.emit('recorded');
    await earlier;
    expect(await order.end()).toBe('COMPLETED');
  });

  it('takes updates without an input, and rejects malformed ones', async () => {
    const order = await startOrder({ placeOrder: [stuck('X'), SETTLED] });
    await order.reach('NEEDS_ATTENTION', 'X');
    const malformed = [['retry'], { reason: 'x' }, { by: 'Jane Sample' }, { by: 7 }];
    for (const input of [...malformed, { repairId: randomUUID(), by: 'anna' }]) {
      await expect(order.handle.executeUpdate('retry', { args: [input] })).rejects.toMatchObject({
        cause: { type: 'INVALID_REPAIR' },
      });
    }
    await order.handle.executeUpdate('retry', {
      args: [{ by: 'anna', pharmacyOrderId: 'rx_1' }],
    });
    expect(await order.end()).toBe('COMPLETED');

    const other = await startOrder({ placeOrder: [stuck('X')], cancelOrder: [CANCELLED] });
    await other.reach('NEEDS_ATTENTION', 'X');
    await other.handle.executeUpdate('cancel', { args: [] });
    await other.cancel(); // as `applyRepair` does
    expect(await other.end()).toBe('CANCELLED CANCEL_REQUESTED');
  });

  it('asks the pharmacy to cancel an order that waits', async () => {
    const order = await startOrder({});
    await order.reach('AWAITING_COMPLETION');
    await order.cancel();
    expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
    expect(order.calls).toEqual(['validateOrder', 'placeOrder', 'cancelOrder']);
  });

  it('interrupts a poll for a cancellation, and polls again when the pharmacy refuses it', async () => {
    const order = await startOrder({
      cancelOrder: [PLACED],
      lookForCompletion: [retryIn(20 * DAY_MS), 'settled'],
    });
    await order.reach('AWAITING_COMPLETION');
    await server().sleep(2 * HOUR_MS);
    await order.cancel();
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls.slice(2)).toEqual([
      ...['lookForCompletion', 'cancelOrder', 'lookForCompletion', 'fetchDocuments'],
    ]);
  });

  it('fetches at once when the pharmacy refuses a cancellation because it has finished', async () => {
    const order = await startOrder({ cancelOrder: [SETTLED] });
    await order.reach('AWAITING_COMPLETION');
    await order.cancel();
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls.slice(2)).toEqual(['cancelOrder', 'fetchDocuments']);
  });

  it('follows a hint after a refused cancellation that came with it', async () => {
    const order = await startOrder({
      fetchDocuments: [
        after((waiting) => Promise.all([waiting.complete(), waiting.cancel()]), DONE),
        COMPLETED,
      ],
      cancelOrder: [PLACED],
    });
    await order.reach('AWAITING_COMPLETION');
    await order.complete();
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls.slice(2)).toEqual(['fetchDocuments', 'cancelOrder', 'fetchDocuments']);
  });

  it('interrupts the wait between two attempts to place an order for a cancellation', async () => {
    const order = await startOrder({ placeOrder: [retryIn(DAY_MS)] });
    await eventually('an attempt failed', async () => order.calls.includes('placeOrder'));
    await order.cancel();
    expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
    expect(order.calls).toEqual(['validateOrder', 'placeOrder', 'cancelOrder']);
  });

  it('places the order after the pharmacy has refused a cancellation that interrupted it', async () => {
    const order = await startOrder({
      placeOrder: [retryIn(DAY_MS), SETTLED],
      cancelOrder: [PLACED],
    });
    await eventually('an attempt failed', async () => order.calls.includes('placeOrder'));
    await order.cancel();
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls.slice(1)).toEqual([
      ...['placeOrder', 'cancelOrder', 'placeOrder', 'fetchDocuments'],
    ]);
  });

  it('keeps a cancellation whose outcome is unknown pending until after the retry', async () => {
    const unclear = { ...stuck('X'), isPending: true };
    const order = await startOrder({
      placeOrder: [retryIn(DAY_MS)],
      cancelOrder: [unclear, unclear, CANCELLED],
    });
    await eventually('an attempt failed', async () => order.calls.includes('placeOrder'));
    await order.cancel();
    await order.reach('NEEDS_ATTENTION', 'X');
    await order.retry();
    expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
    expect(count(order, 'cancelOrder')).toBe(3);
  });

  it('keeps a retry that came while the pharmacy refused a cancellation', async () => {
    const order = await startOrder({
      fetchDocuments: [stuck('X'), COMPLETED],
      cancelOrder: [after((stopped) => stopped.retry(), stuck('X'))],
    });
    await order.reach('AWAITING_COMPLETION');
    await order.complete();
    await order.reach('NEEDS_ATTENTION', 'X');
    await order.cancel();
    expect(await order.end()).toBe('COMPLETED');
    expect(count(order, 'fetchDocuments')).toBe(2);
  });

  it('records another reason of an order that still needs attention', async () => {
    const order = await startOrder({
      placeOrder: [stuck('X'), SETTLED],
      cancelOrder: [stuck('Y'), DONE as never],
    });
    await order.reach('NEEDS_ATTENTION', 'X');
    await order.cancel();
    await order.reach('NEEDS_ATTENTION', 'Y');
    expect(await lastAttributes(order)).toEqual(['OrderReasonCode', 'OrderStatus']);
    await order.retry();
    expect(await order.end()).toBe('COMPLETED');
  });

  describe('after “Request Cancellation” in the Temporal UI', () => {
    it('goes on with the order', async () => {
      const order = await startOrder({});
      await order.reach('AWAITING_COMPLETION');
      await order.handle.cancel();
      await order.complete();
      expect(await order.end()).toBe('COMPLETED');
    });

    it('still accepts the updates retry and cancel', async () => {
      const order = await startOrder({
        placeOrder: [stuck('X'), stuck('Y')],
        cancelOrder: [CANCELLED],
      });
      await order.reach('NEEDS_ATTENTION', 'X');
      await order.handle.cancel();
      await order.retry();
      await order.reach('NEEDS_ATTENTION', 'Y');
      await order.cancelByUpdate();
      expect(count(order, 'applyRepair')).toBe(2);
      await order.cancel(); // as `applyRepair` does
      expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
    });
  });
});
