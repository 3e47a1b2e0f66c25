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

/** All statuses that an order in `start` can reach. */
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
  it('allows the transitions of an order without problems', () => {
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

  it('has four ends', () => {
    expect([...ENDS].sort()).toEqual(['CANCELLED', 'COMPLETED', 'EXPIRED', 'REJECTED']);
  });

  it.each(ENDS)('allows no transition from %s', (end) => {
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

  it('completes an order only from FETCHING_DOCUMENTS', () => {
    expect(statesBefore('COMPLETED')).toEqual(['FETCHING_DOCUMENTS']);
  });

  it('allows a cancellation from every open status', () => {
    const open = ORDER_STATUSES.filter((status) => !isEnd(status));
    expect(statesBefore('CANCELLED').sort()).toEqual([...open].sort());
  });

  it('refuses a pending cancellation at every end but CANCELLED, and at FETCHING_DOCUMENTS', () => {
    const defeated = ORDER_STATUSES.filter(refusesCancellation);
    expect(defeated).toEqual(['FETCHING_DOCUMENTS', 'COMPLETED', 'REJECTED', 'EXPIRED']);
  });

  it('leaves no cancellation pending at an end, for any sequence of changes', () => {
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
        // At an end the request was either granted (CANCELLED) or refused.
        if (isEnd(status) && pending) expect(status).toBe('CANCELLED');
      }),
    );
  });

  it('allows NEEDS_ATTENTION from every open status', () => {
    const open = ORDER_STATUSES.filter((s) => !isEnd(s));
    expect(statesBefore('NEEDS_ATTENTION').sort()).toEqual([...open].sort());
  });

  it('allows no transition from a status to itself, except for NEEDS_ATTENTION', () => {
    fc.assert(
      fc.property(
        anyStatus,
        (status) => mayBecome(status, status) === (status === 'NEEDS_ATTENTION'),
      ),
    );
  });

  it('gives the same answer by mayBecome and by statesBefore', () => {
    fc.assert(
      fc.property(anyStatus, anyStatus, (from, to) => {
        expect(statesBefore(to).includes(from)).toBe(mayBecome(from, to));
      }),
    );
  });

  it('keeps the first end, for any sequence of changes', () => {
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
