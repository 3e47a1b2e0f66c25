import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
let pharmacy: TestPharmacy;
let orderId: string;
beforeAll(async () => {
  api = await startTestApi();
  pharmacy = await createPharmacy(api.database);
});
beforeEach(async () => {
  const body = exampleWithoutKey();
  const order = { ...body.order, pharmacyId: pharmacy.id };
  orderId = (await api.place({ ...body, order })).json.data.order.id;
});
afterAll(() => api.close());

function tell(data: object) {
  return pharmacy.tell(api.app.url, {
    type: 'order.tracking_added',
    data: { id: 'ph-1', reference: orderId, ...data },
  });
}

async function readOrder() {
  const { caseId } = api.organization;
  return (await api.get(`/api/v1/cases/${caseId}/orders/${orderId}`)).json.data.order;
}

async function trackingEvents(): Promise<number> {
  const rows = await api.database`
    SELECT FROM order_activity WHERE order_id = ${orderId}
      AND actor = 'pharmacy' AND event = 'TRACKING_ADDED'`;
  return rows.length;
}

async function outboxKinds(): Promise<string[]> {
  const rows = await api.database`SELECT kind FROM outbox WHERE order_id = ${orderId}`;
  return rows.map(({ kind }) => kind);
}

it.each(['AWAITING_COMPLETION', 'COMPLETED', 'REJECTED', 'NEEDS_ATTENTION'])(
  'adds a shipment and a timeline row to an order that is %s, and signals no workflow',
  async (status) => {
    await api.database`UPDATE orders SET status = ${status} WHERE id = ${orderId}`;

    const answer = await tell({
      trackingId: '1Z999',
      carrier: 'UPS',
      trackingUrl: 'https://track.example.com/1Z999',
    });

    expect(answer.status).toBe(202);
    expect(await readOrder()).toMatchObject({
      status,
      shipments: [
        {
          carrier: 'UPS',
          trackingId: '1Z999',
          trackingUrl: 'https://track.example.com/1Z999',
          addedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        },
      ],
    });
    expect(await trackingEvents()).toBe(1);
    // Tracking contradicts a rejection, so the order is read at the pharmacy again.
    expect(await outboxKinds()).toEqual(status === 'REJECTED' ? ['start', 'news'] : ['start']);
  },
);

it('stores at most 100 parcels of an order, whatever a pharmacy reports', async () => {
  await tell({ trackingId: 'T1' });
  await api.database`
    INSERT INTO shipments (order_id, tracking_hash, tracking_id)
    SELECT ${orderId}, decode(md5(number::text), 'hex'), 'sealed' FROM generate_series(2, 100) number`;

  await tell({ trackingId: 'one too many' });
  await tell({ trackingId: 'T1', carrier: 'UPS' });

  const rows = await api.database<{ carrier: string | null }[]>`
    SELECT carrier FROM shipments WHERE order_id = ${orderId} ORDER BY id`;
  expect(rows).toHaveLength(100);
  expect(rows[0]?.carrier).not.toBeNull();
});

it('adds a tracking number once, however many messages report it', async () => {
  await Promise.all([1, 2, 3, 4].map(() => tell({ trackingId: 'T1' })));
  await tell({ trackingId: 'T1', carrier: 'FedEx' });

  const { shipments } = await readOrder();
  expect(shipments).toMatchObject([{ trackingId: 'T1' }]);
  expect(await trackingEvents()).toBe(1);
});

it('keeps every tracking number of an order that ships in parts', async () => {
  for (const trackingId of ['T1', 'T2', 'T3']) await tell({ trackingId });

  const { shipments } = await readOrder();
  expect(shipments.map((each: { trackingId: string }) => each.trackingId)).toEqual([
    'T1',
    'T2',
    'T3',
  ]);
  expect(await trackingEvents()).toBe(3);
});

it('moves updatedAt', async () => {
  const before = await readOrder();

  await tell({ trackingId: 'T1' });

  const after = await readOrder();
  expect(Date.parse(after.updatedAt)).toBeGreaterThan(Date.parse(before.updatedAt));
  expect(after.createdAt).toBe(before.createdAt);
});

it.each([
  ['no number', {}],
  ['an empty number', { trackingId: '' }],
  ['NUL in its number', { trackingId: 'a\0b' }],
  ['an object as its number', { trackingId: { number: 7 } }],
])('gets 400 that names the field, and adds nothing, with %s', async (_what, data) => {
  const answer = await tell(data);
  expect(answer).toMatchObject({
    status: 400,
    json: { error: 'data.trackingId is missing or cannot be read' },
  });

  expect((await readOrder()).shipments).toEqual([]);
  expect(await trackingEvents()).toBe(0);
});

it('accepts a number that is not a string', async () => {
  expect((await tell({ trackingId: 7 })).status).toBe(202);
  expect((await readOrder()).shipments).toMatchObject([{ trackingId: '7' }]);
});

it.each(['javascript:alert(1)', 'not a URL', '\0', `https://x.example/${'y'.repeat(3_000)}`])(
  'leaves out the unusable tracking URL %j',
  async (trackingUrl) => {
    await tell({ trackingId: 'T1', trackingUrl });

    const [shipment] = (await readOrder()).shipments;
    expect(Object.keys(shipment)).toEqual(['trackingId', 'addedAt']);
  },
);

it('adds nothing to an order of another pharmacy', async () => {
  const other = await createPharmacy(api.database);

  await other.tell(api.app.url, {
    type: 'order.tracking_added',
    data: { id: 'ph-1', reference: orderId, trackingId: 'T1' },
  });

  expect((await readOrder()).shipments).toEqual([]);
});
