import type {
  ClientRecord,
  Evidence,
  PharmacyOrder,
  ReceivedEvent,
  ShownOrder,
} from '../../../../scripts/chaos/evidence.ts';

/* The evidence of a run with one order, in which the system kept every promise. */

export const ORDER = '01a20a83-0000-7000-8000-000000000001';
export const DOCUMENT = '11111111-1111-4111-8111-111111111111';
export const BYTES = 'a'.repeat(64);

export const client: ClientRecord = {
  key: 'key-1',
  pharmacyId: 'pharmacy-tracking',
  answers: [{ status: null }, { status: 503 }, { status: 200, orderId: ORDER }],
  cancels: false,
};
export const placed: PharmacyOrder = {
  pharmacyId: 'pharmacy-tracking',
  reference: ORDER,
  status: 'completed',
  trackingId: 'parcel-1',
  pending: 0,
  documents: [{ sha256: BYTES, state: 'current' }],
};
export const shown: ShownOrder = {
  id: ORDER,
  status: 'COMPLETED',
  documents: [{ id: DOCUMENT, sha256: BYTES }],
  changes: [
    { from: undefined, to: 'ACCEPTED' },
    { from: 'ACCEPTED', to: 'PLACING' },
    { from: 'PLACING', to: 'AWAITING_COMPLETION' },
    { from: 'AWAITING_COMPLETION', to: 'FETCHING_DOCUMENTS' },
    { from: 'FETCHING_DOCUMENTS', to: 'COMPLETED' },
  ],
};
export function event(
  sequence: number,
  name: string,
  more: Partial<ReceivedEvent> = {},
): ReceivedEvent {
  const rest = { genuine: true, orderId: ORDER, status: 'COMPLETED' };
  return { webhookId: `msg-${sequence}`, event: name, sequence, ...rest, ...more };
}
export const events = [
  event(1, 'ORDER_CREATED', { status: 'AWAITING_COMPLETION' }),
  event(2, 'ORDER_TRACKING_ADDED', { trackingId: 'parcel-1' }),
  event(3, 'ADD_CASE_ATTACHMENT', { sha256: BYTES }),
  event(4, 'ORDER_STATUS_CHANGED'),
];
export const kept: Evidence = {
  clients: [client],
  pharmacies: [placed],
  orders: [shown],
  events,
  files: [{ path: `${ORDER}/${DOCUMENT}.pdf`, sha256: BYTES }],
  outbox: 0,
};

export function withClient(changes: Partial<ClientRecord>): Partial<Evidence> {
  return { clients: [{ ...client, ...changes }] };
}
export function withOrder(changes: Partial<ShownOrder>): Partial<Evidence> {
  return { orders: [{ ...shown, ...changes }] };
}
export function withPlaced(changes: Partial<PharmacyOrder>): Partial<Evidence> {
  return { pharmacies: [{ ...placed, ...changes }] };
}
