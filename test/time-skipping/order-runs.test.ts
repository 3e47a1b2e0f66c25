import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { after, count, describeOnSkippedTime, type Started, server, startOrder } from './rig.ts';
import { CANCELLED, COMPLETED, DAY_MS, DONE, SETTLED, stuck } from './stand-ins.ts';

describeOnSkippedTime('the order workflow in another run', () => {
  describe('in the run that replaces a lost one', () => {
    const placed = { resting: { reasonCode: 'X', placed: true } };

    it('waits in NEEDS_ATTENTION, and continues after a retry', async () => {
      const order = await startOrder({ placeOrder: [SETTLED] }, placed);
      await order.reach('NEEDS_ATTENTION', 'X');
      expect(order.calls).toEqual([]);
      await order.retry();
      expect(await order.end()).toBe('COMPLETED');
    });

    it('asks the pharmacy to cancel an order that it has', async () => {
      const order = await startOrder({}, placed);
      await order.reach('NEEDS_ATTENTION', 'X');
      await order.cancel();
      expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
      expect(order.calls).toEqual(['cancelOrder']);
    });

    it('checks an order that the pharmacy does not have, because Postgres has cancelled it', async () => {
      const order = await startOrder(
        { validateOrder: [CANCELLED] },
        { resting: { reasonCode: 'X', placed: false } },
      );
      await order.reach('NEEDS_ATTENTION', 'X');
      await order.cancel();
      expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
      expect(order.calls).toEqual(['validateOrder']);
    });
  });

  describe('with a long history', () => {
    /** Makes the history long while the order waits. */
    async function flood(order: Started): Promise<void> {
      await Promise.all(Array.from({ length: 500 }, () => order.complete()));
    }

    it('continues in a new run, with the deadline, and completes there', async () => {
      const limits: number[] = [];
      const order = await startOrder({
        fetchDocuments: [after(flood, DONE), DONE, COMPLETED],
        lookForCompletion: [
          async (_orderId, limit) => {
            limits.push(limit);
            return 'settled';
          },
        ],
      });
      const began = await server().currentTimeMs();
      await order.reach('AWAITING_COMPLETION');
      await order.complete();
      expect(await order.end()).toBe('COMPLETED');
      expect((await order.handle.describe()).runId).not.toBe(order.runId);
      // The hint that came last is followed in the new run; nothing is checked or placed again.
      expect(order.calls.slice(2, 4)).toEqual(['fetchDocuments', 'fetchDocuments']);
      expect(count(order, 'placeOrder')).toBe(1);
      expect(limits).toHaveLength(1);
      expect(Math.abs((limits[0] ?? 0) - began - 30 * DAY_MS)).toBeLessThan(60_000);
    });

    it('takes a cancellation to the new run', async () => {
      const order = await startOrder({
        fetchDocuments: [
          after(async (waiting) => {
            await flood(waiting);
            await waiting.cancel();
          }, DONE),
        ],
      });
      await order.reach('AWAITING_COMPLETION');
      await order.complete();
      expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
      expect((await order.handle.describe()).runId).not.toBe(order.runId);
    });

    it('follows a cancellation in the same run that came while a step failed', async () => {
      const order = await startOrder({
        fetchDocuments: [
          after(async (waiting) => {
            await flood(waiting);
            await waiting.cancel();
          }, stuck('X')),
        ],
      });
      await order.reach('AWAITING_COMPLETION');
      await order.complete();
      expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
      expect((await order.handle.describe()).runId).toBe(order.runId);
    });

    it('waits for a retry in the new run', async () => {
      const order = await startOrder({ placeOrder: [after(flood, stuck('X')), SETTLED] });
      await eventually('the new run waits', async () => {
        const { runId } = await order.handle.describe();
        return runId !== order.runId;
      });
      await order.reach('NEEDS_ATTENTION', 'X');
      await order.retry();
      expect(await order.end()).toBe('COMPLETED');
      expect(count(order, 'placeOrder')).toBe(2);
    });
  });
});
