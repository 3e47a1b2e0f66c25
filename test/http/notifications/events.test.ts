import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { recordDocument } from '../../../src/activities/stored-documents.ts';
import { caseEvent } from '../../../src/contract/case-activity.ts';
import { changeStatus, type StatusChange } from '../../../src/orders/change-status.ts';
import { readOrderDataKey } from '../../../src/orders/order-data-key.ts';
import type { Sql } from '../../../src/storage/database.ts';
import { inTransaction } from '../../../src/storage/transaction.ts';
import { eventually } from '../../support/eventually.ts';
import { createOrganization } from '../../support/organization.ts';
import { createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

// A database trigger writes the events in the transaction of the change. These tests change orders as the
// activities do, and read the events as an organization can pull them.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let api: TestApi;
let pharmacy: TestPharmacy;
let orderId: string;
/** The cursor after the events of earlier tests. */
let start = '';
beforeAll(async () => {
  api = await startTestApi();
  pharmacy = await createPharmacy(api.database);
});
beforeEach(async () => {
  start = (await pull()).at(-1)?.cursor ?? start;
  orderId = await place();
});
afterAll(() => api.close());

async function place(): Promise<string> {
  const { order } = exampleWithoutKey();
  const body = { action: 'PLACE_ORDER', order: { ...order, pharmacyId: pharmacy.id } };
  return (await api.place(body)).json.data.order.id;
}

/**
 * Waits until other tests have no open transaction. They share the Postgres server, and an event is
 * listed only when no earlier transaction is open (docs/adr/0013).
 */
async function otherTransactionsEnded(): Promise<void> {
  await eventually(
    'no other test has an open transaction',
    async () => {
      const open = await api.asSuperuser`
        SELECT FROM pg_stat_activity
        WHERE backend_xid IS NOT NULL AND datname <> current_database()`;
      return open.length === 0;
    },
    50_000,
  );
}

async function pull(query = '') {
  await otherTransactionsEnded();
  const after = start === '' ? '' : `&after=${start}`;
  const answer = await api.get(`/api/v1/events?limit=200${after}${query}`);
  expect(answer.status).toBe(200);
  return answer.json.data.events;
}

async function names(): Promise<string[]> {
  return (await pull()).map(({ event }: { event: string }) => event);
}

async function move(to: StatusChange['to'], more: Partial<StatusChange> = {}, sql?: Sql) {
  await changeStatus(sql ?? api.database, orderId, { to, actor: 'system', ...more });
}

async function placeAtPharmacy() {
  await move('PLACING', { sent: true });
  await move('AWAITING_COMPLETION', { pharmacyOrderId: `ph-${orderId}` });
}

async function refuse() {
  await move('PLACING', { sent: true });
  await move('REJECTED', { reason: 'Out of stock', reasonCode: 'OUT_OF_STOCK' });
}

async function storeDocument(name = 'label.pdf') {
  const documentId = crypto.randomUUID();
  const key = await readOrderDataKey(api.database, orderId);
  if (key === undefined) throw new Error('the order was erased');
  await recordDocument(
    api.database,
    { id: orderId, key },
    {
      documentId,
      id: documentId,
      name,
      contentType: 'application/pdf',
      size: 3,
      sha256: 'a'.repeat(64),
      storageKey: `${orderId}/${documentId}.pdf`,
      version: 1,
      supersedes: null,
    },
  );
  return documentId;
}

it('lists an order’s events in sequence, each in the form of the notifications', async () => {
  await placeAtPharmacy();
  await pharmacy.tell(api.app.url, {
    type: 'order.tracking_added',
    data: { id: 'ph-1', reference: orderId, trackingId: '1Z999' },
  });
  await move('FETCHING_DOCUMENTS');
  const documentId = await storeDocument('Etikett ü.pdf');
  await move('COMPLETED');

  const events = await pull();
  expect(events).toMatchObject([
    {
      event: 'ORDER_CREATED',
      sequence: 1,
      order: { id: orderId, status: 'AWAITING_COMPLETION', message: 'The pharmacy has the order.' },
      payload: { case: { id: api.organization.caseId, status: 'AWAITING_COMPLETION' } },
    },
    { event: 'ORDER_TRACKING_ADDED', sequence: 2, order: { trackingId: '1Z999' } },
    {
      event: 'ADD_CASE_ATTACHMENT',
      sequence: 3,
      payload: {
        attachment: {
          id: documentId,
          fileName: 'Etikett ü.pdf',
          isPHI: true,
          uploadedBy: { firstName: 'Pharmacy', lastName: pharmacy.id },
          url: expect.stringContaining(`/documents/${documentId}?expires=`),
        },
      },
    },
    { event: 'ORDER_STATUS_CHANGED', sequence: 4, order: { status: 'COMPLETED' } },
  ]);
  for (const event of events) caseEvent.parse(event);
});

it.each([
  ['the pharmacy refuses the order', ['ORDER_STATUS_CHANGED'], refuse],
  ['the pharmacy is unknown', ['ORDER_STATUS_CHANGED'], () => move('NEEDS_ATTENTION')],
  [
    'the order expires at the pharmacy',
    ['ORDER_CREATED', 'ORDER_STATUS_CHANGED'],
    async () => {
      await placeAtPharmacy();
      await move('EXPIRED');
    },
  ],
  ['the order is only being placed', [], () => move('PLACING', { sent: true })],
])('when %s, lists %j', async (_, expected, happen) => {
  await happen();

  expect(await names()).toEqual(expected);
});

it('has the pharmacy’s reason as the message', async () => {
  await refuse();

  expect((await pull())[0].order.message).toBe('Out of stock');
});

it('reports once that the pharmacy has the order, even if the order is retried', async () => {
  await placeAtPharmacy();
  await move('FETCHING_DOCUMENTS');
  await move('NEEDS_ATTENTION');
  await move('FETCHING_DOCUMENTS');
  await move('COMPLETED');

  expect(await names()).toEqual(['ORDER_CREATED', 'ORDER_STATUS_CHANGED', 'ORDER_STATUS_CHANGED']);
});

it('has no event of a change that is rolled back', async () => {
  await placeAtPharmacy();
  const undone = inTransaction(api.database, async (sql) => {
    await move('FETCHING_DOCUMENTS', {}, sql);
    await move('COMPLETED', {}, sql);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');

  expect(await names()).toEqual(['ORDER_CREATED']);
});

it('numbers concurrent events of an order without a gap', async () => {
  await placeAtPharmacy();
  await Promise.all(Array.from({ length: 12 }, () => storeDocument()));

  const sequences = (await pull()).map(({ sequence }: { sequence: number }) => sequence);
  expect(sequences.toSorted((a: number, b: number) => a - b)).toEqual(
    Array.from({ length: 13 }, (_, index) => index + 1),
  );
});

describe('the cursor', () => {
  it('reads all events page by page, each once', async () => {
    await placeAtPharmacy();
    for (let n = 0; n < 6; n += 1) await storeDocument();
    const all = (await pull()).map(({ id }: { id: string }) => id);

    const seen: string[] = [];
    let after = start;
    for (;;) {
      await otherTransactionsEnded();
      const { data } = (await api.get(`/api/v1/events?limit=3&after=${after}`)).json;
      seen.push(...data.events.map(({ id }: { id: string }) => id));
      if (data.nextCursor === null) break;
      after = data.nextCursor;
    }
    expect(all).toHaveLength(7);
    expect(seen).toEqual(all);
  });

  it('never passes an event whose transaction commits late', async () => {
    await placeAtPharmacy();
    const first = orderId;
    const second = await place();
    const commit = new AbortController();
    const begun = new AbortController();
    const late = inTransaction(api.database, async (sql) => {
      await changeStatus(sql, first, { to: 'FETCHING_DOCUMENTS', actor: 'system' });
      await changeStatus(sql, first, { to: 'COMPLETED', actor: 'system' });
      begun.abort();
      await once(commit.signal, 'abort');
    });
    // The other transaction begins after this one and commits before it.
    await once(begun.signal, 'abort');
    orderId = second;
    await refuse();

    const before = await pull();
    commit.abort();
    await late;
    start = before.at(-1).cursor;
    const after = await pull();

    const listed = [...before, ...after].map(({ event, order }) => [event, order.id]);
    expect(listed).toEqual([
      ['ORDER_CREATED', first],
      ['ORDER_STATUS_CHANGED', first],
      ['ORDER_STATUS_CHANGED', second],
    ]);
  });

  it('is refused if it is not from this list', async () => {
    const answer = await api.get('/api/v1/events?after=nonsense');

    expect(answer.status).toBe(400);
    expect(answer.json.error).toBe('after must be a nextCursor of this list');
  });
});

it('filters by event name', async () => {
  await placeAtPharmacy();
  await storeDocument();

  const found = await pull('&event=ADD_CASE_ATTACHMENT');
  expect(found.map(({ event }: { event: string }) => event)).toEqual(['ADD_CASE_ATTACHMENT']);
});

it('shows another organization nothing', async () => {
  await placeAtPharmacy();
  const other = await createOrganization(api.database);

  const answer = await api.get('/api/v1/events', { 'cv-api-key': other.apiKey });
  expect(answer.json.data.events).toEqual([]);
});
