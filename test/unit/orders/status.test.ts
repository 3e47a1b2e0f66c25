import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ORDER_STATUSES, type OrderStatus } from '../../../src/contract/order.ts';
import {
  ENDS,
  isEnd,
  mayBecome,
  refusesCancellation,
  statesBefore,
} from '../../../src/orders/status.ts';

const anyStatus = fc.constantFrom(...ORDER_STATUSES);
const statesAfter = (from: OrderStatus) => ORDER_STATUSES.filter((to) => mayBecome(from, to));

/** Every state that an order in `start` may come to, by any way. */
function reachableFrom(start: OrderStatus): Set<OrderStatus> {
  const seen = new Set<OrderStatus>();
  const open = [start];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const next of statesAfter(state)) {
      if (!seen.has(next)) {
        seen.add(next);
        open.push(next);
      }
    }
  }
  return seen;
}

describe('status machine', () => {
  it('goes the way of an order that all goes well with', () => {
    const way: OrderStatus[] = [
      'ACCEPTED',
      'PLACING',
      'AWAITING_COMPLETION',
      'FETCHING_DOCUMENTS',
      'COMPLETED',
    ];
    for (const [index, to] of way.entries()) {
      const from = way[index - 1];
      if (from !== undefined) expect(mayBecome(from, to)).toBe(true);
    }
  });

  it('has the four ends of the design', () => {
    expect([...ENDS].sort()).toEqual(['CANCELLED', 'COMPLETED', 'EXPIRED', 'REJECTED']);
  });

  it.each(ENDS)('leaves an order that is %s as it is', (end) => {
    expect(isEnd(end)).toBe(true);
    expect(statesAfter(end)).toEqual([]);
  });

  it.each(ORDER_STATUSES.filter((status) => !isEnd(status)))('lets %s reach an end', (status) => {
    const reachable = reachableFrom(status);
    expect(reachable).toContain('COMPLETED');
    expect(ENDS.some((end) => reachable.has(end))).toBe(true);
  });

  it.each(ORDER_STATUSES.filter((status) => status !== 'ACCEPTED'))(
    'can bring a new order to %s',
    (status) => {
      expect(reachableFrom('ACCEPTED')).toContain(status);
    },
  );

  it('never goes back to ACCEPTED', () => {
    expect(statesBefore('ACCEPTED')).toEqual([]);
  });

  it('completes an order only by way of its documents', () => {
    expect(statesBefore('COMPLETED')).toEqual(['FETCHING_DOCUMENTS']);
  });

  it('forbids a cancellation while the pharmacy may be getting the order', () => {
    expect(mayBecome('PLACING', 'CANCELLED')).toBe(false);
  });

  it('cancels from every other state before an end', () => {
    const open = ORDER_STATUSES.filter((status) => !isEnd(status) && status !== 'PLACING');
    expect(statesBefore('CANCELLED').sort()).toEqual([...open].sort());
  });

  it('defeats a request to cancel by every end but the one that grants it, and by the fetching', () => {
    const defeated = ORDER_STATUSES.filter(refusesCancellation);
    expect(defeated).toEqual(['FETCHING_DOCUMENTS', 'COMPLETED', 'REJECTED', 'EXPIRED']);
  });

  it('leaves no request to cancel open at an end, whatever happens in whatever order', () => {
    const anything = fc.oneof(anyStatus, fc.constant('request' as const));
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 40 }), (events) => {
        let status: OrderStatus = 'ACCEPTED';
        let pending = false;
        for (const event of events) {
          if (event === 'request') {
            pending ||= !isEnd(status) && !refusesCancellation(status);
          } else if (mayBecome(status, event)) {
            status = event;
            if (refusesCancellation(status)) pending = false;
          }
        }
        // At an end a request is either granted, by CANCELLED, or was refused.
        if (isEnd(status) && pending) expect(status).toBe('CANCELLED');
      }),
    );
  });

  it('parks an order from every state before an end', () => {
    const open = ORDER_STATUSES.filter((s) => !isEnd(s));
    expect(statesBefore('NEEDS_ATTENTION').sort()).toEqual([...open].sort());
  });

  it('has no change from a state to itself, but to rest again for another reason', () => {
    fc.assert(
      fc.property(
        anyStatus,
        (status) => mayBecome(status, status) === (status === 'NEEDS_ATTENTION'),
      ),
    );
  });

  it('says the same by mayBecome and by statesBefore', () => {
    fc.assert(
      fc.property(anyStatus, anyStatus, (from, to) => {
        expect(statesBefore(to).includes(from)).toBe(mayBecome(from, to));
      }),
    );
  });

  it('keeps the first end, whatever changes are asked for in whatever order', () => {
    fc.assert(
      fc.property(fc.array(anyStatus, { maxLength: 40 }), (asked) => {
        let status: OrderStatus = 'ACCEPTED';
        let firstEnd: OrderStatus | undefined;
        for (const to of asked) {
          if (statesBefore(to).includes(status)) status = to;
          if (firstEnd === undefined && isEnd(status)) firstEnd = status;
        }
        expect(status).toBe(firstEnd ?? status);
        expect(isEnd(status)).toBe(firstEnd !== undefined);
      }),
    );
  });
});
