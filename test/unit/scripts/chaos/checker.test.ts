import { expect, it } from 'vitest';
import { check } from '../../../../scripts/chaos/checker.ts';
import type { Evidence, ShownOrder, ViolationKind } from '../../../../scripts/chaos/evidence.ts';
import {
  BYTES,
  client,
  DOCUMENT,
  event,
  events,
  kept,
  ORDER,
  placed,
  shown,
  withClient,
  withOrder,
  withPlaced,
} from './kept-promises.ts';

function found(changes: Partial<Evidence>): ViolationKind[] {
  return [...new Set(check({ ...kept, ...changes }).map(({ kind }) => kind))];
}
/** An order that ended before it had documents, with a notification of its end. */
function ended(status: ShownOrder['status'], from: ShownOrder['status']): Partial<Evidence> {
  const way = shown.changes.slice(0, shown.changes.findIndex(({ to }) => to === from) + 1);
  return {
    ...withOrder({ status, documents: [], changes: [...way, { from, to: status }] }),
    files: [],
    events: [events[0]!, event(2, 'ORDER_STATUS_CHANGED', { status })],
  };
}

it('finds nothing when the system kept every promise', () => {
  expect(check(kept)).toEqual([]);
});

it('accepts copies of a notification, and answers that name the order again', () => {
  const again = { status: 409, orderId: ORDER };
  expect(found({ events: [...events, events[3]!, events[0]!] })).toEqual([]);
  expect(found(withClient({ answers: [{ status: null }, again] }))).toEqual([]);
  const replayed = { status: 200, orderId: ORDER, replayed: true };
  expect(found(withClient({ answers: [...client.answers, replayed] }))).toEqual([]);
});

it('knows the final statuses without an order at the pharmacy', () => {
  const notified = { events: [event(1, 'ORDER_STATUS_CHANGED', { status: 'REJECTED' })] };
  const refused = { ...ended('REJECTED', 'PLACING'), pharmacies: [], ...notified };
  expect(found({ ...refused, ...withClient({ pharmacyId: 'pharmacy-refuses' }) })).toEqual([]);
  expect(found(refused)).toEqual(['lost']);

  const cancelled = {
    ...ended('CANCELLED', 'ACCEPTED'),
    pharmacies: [],
    events: [event(1, 'ORDER_STATUS_CHANGED', { status: 'CANCELLED' })],
  };
  expect(found({ ...cancelled, ...withClient({ cancels: true }) })).toEqual([]);
  expect(found(cancelled)).toEqual(['lost']);
});

const status = (to: ShownOrder['status']) => ended(to, 'AWAITING_COMPLETION');
const bare = { trackingId: undefined, documents: [] };

it.each<[string, ViolationKind, Partial<Evidence>]>([
  ['an acknowledged order that the API does not know', 'lost', { orders: [] }],
  ['a completed order that no pharmacy has', 'lost', { pharmacies: [] }],
  ['one order that two keys got', 'lost', { clients: [client, { ...client, key: 'key-2' }] }],
  [
    'two orders of one key',
    'duplicated',
    withClient({ answers: [...client.answers, { status: 200, orderId: 'another' }] }),
  ],
  [
    'two 200s of one key, neither of which repeats the other',
    'duplicated',
    withClient({ answers: [...client.answers, { status: 200, orderId: ORDER }] }),
  ],
  ['two orders of one reference', 'duplicated', { pharmacies: [placed, placed] }],
  [
    'an order at a pharmacy that no client knows',
    'duplicated',
    { pharmacies: [placed, { ...placed, reference: 'another' }] },
  ],
  ['a client that never got an answer', 'unfinished', withClient({ answers: [{ status: 503 }] })],
  ['an order that still waits', 'unfinished', withOrder({ status: 'AWAITING_COMPLETION' })],
  [
    'an answer that is none of the contract',
    'answer',
    withClient({ answers: [{ status: 500 }, ...client.answers] }),
  ],
  [
    'an end that is not the pharmacy’s',
    'end',
    { ...status('REJECTED'), ...withPlaced({ ...bare, status: 'completed' }) },
  ],
  [
    'an order that needs attention without a reason',
    'end',
    { ...status('NEEDS_ATTENTION'), ...withPlaced({ ...bare, status: 'completed' }) },
  ],
  [
    'a cancellation that nobody asked for',
    'end',
    { ...status('CANCELLED'), ...withPlaced({ ...bare, status: 'cancelled' }) },
  ],
  ['a document that is missing', 'document', withOrder({ documents: [] })],
  [
    'a document that is not the pharmacy’s',
    'document',
    withPlaced({ documents: [{ sha256: 'b'.repeat(64), state: 'current' }] }),
  ],
  ['a document without its file', 'document', { files: [] }],
  [
    'a file with other bytes',
    'document',
    { files: [{ path: `${ORDER}/${DOCUMENT}.pdf`, sha256: 'b'.repeat(64) }] },
  ],
  [
    'a file of no document',
    'document',
    { files: [...kept.files, { path: `${ORDER}/${ORDER}.pdf`, sha256: BYTES }] },
  ],
  [
    'a temporary file',
    'temporary-file',
    { files: [...kept.files, { path: `${ORDER}/${DOCUMENT}.pdf.ab12.part`, sha256: BYTES }] },
  ],
  [
    'a step that the status machine has not',
    'timeline',
    withOrder({ changes: shown.changes.filter(({ to }) => to !== 'PLACING') }),
  ],
  [
    'a way that does not begin with the acceptance',
    'timeline',
    withOrder({ changes: shown.changes.slice(1) }),
  ],
  [
    'a way that stops before the order’s status',
    'timeline',
    withOrder({ changes: shown.changes.slice(0, -1) }),
  ],
  ['a notification that did not come', 'event-missing', { events: events.slice(0, -1) }],
  ['a gap in the numbers', 'event-missing', { events: events.filter((one) => one.sequence !== 2) }],
  [
    'a number that came under two ids',
    'event-false',
    { events: [...events, { ...events[0]!, webhookId: 'msg-9' }] },
  ],
  [
    'a notification of what never was',
    'event-false',
    { events: [...events, event(5, 'ORDER_STATUS_CHANGED', { status: 'EXPIRED' })] },
  ],
  [
    'a notification that came twice as two events',
    'event-false',
    { events: [...events, event(5, 'ORDER_CREATED')] },
  ],
  [
    'a notification that is not signed',
    'event-false',
    { events: [...events, { ...events[0]!, genuine: false }] },
  ],
  [
    'a notification of an order that nobody placed',
    'event-false',
    { events: [...events, { ...events[0]!, orderId: 'another' }] },
  ],
  ['a row that waits in the outbox', 'outbox', { outbox: 1 }],
])('finds %s', (_, kind, changes) => {
  expect(found(changes)).toContain(kind);
});
