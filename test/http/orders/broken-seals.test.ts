import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeStatus } from '../../../src/orders/change-status.ts';
import { receiveMessage } from '../../../src/orders/inbox.ts';
import { eventually } from '../../support/eventually.ts';
import { TESTER } from '../../support/organization.ts';
import { createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';
import { storeDocument } from '../../support/stored-document.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
let pharmacy: TestPharmacy;
let healthy: string;
beforeAll(async () => {
  api = await startTestApi();
  pharmacy = await createPharmacy(api.database);
  healthy = await orderWithAll();
});
afterAll(() => api.close());

/** Places an order that has a reason, a shipment and a document. */
async function orderWithAll(): Promise<string> {
  const { order } = exampleWithoutKey();
  const answer = await api.place({
    ...{ action: 'PLACE_ORDER', idempotencyKey: `key-${randomUUID()}` },
    order: { ...order, pharmacyId: pharmacy.id },
  });
  const orderId = answer.json.data.order.id as string;
  await changeStatus(api.database, orderId, {
    ...({ to: 'NEEDS_ATTENTION', actor: 'system' } as const),
    ...{ reasonCode: 'X', reason: 'a reason' },
  });
  const shipment = { trackingId: '1Z999', carrier: 'UPS' };
  const message = { webhookId: randomUUID(), type: 'tracking_added', shipment } as const;
  await receiveMessage(api.database, pharmacy.id, { ...message, reference: orderId }, TESTER);
  await storeDocument(api, orderId);
  return orderId;
}

const SEALED = ['data_key', 'reason', 'idempotency_key'] as const;
const CASE = () => `/api/v1/cases/${api.organization.caseId}`;
const DETAIL = () =>
  `/api/v1/customer-case-detail?caseId=${api.organization.caseId}&includeOrders=true&includeAttachments=true`;

/** Everything that a list shows of an order. */
async function listed(url: string, orderId: string): Promise<Record<string, unknown>[]> {
  const { status, json } = await api.get(url);
  expect(status).toBe(200);
  const { orders, attachments, events } = json.data ?? json.caseDetail;
  const all = [...(orders ?? []), ...(attachments ?? []), ...(events ?? [])];
  return all.filter((each) => [each.id, each.orderId, each.order?.id].includes(orderId));
}

describe.each(SEALED)('an order whose %s was altered', (column) => {
  let broken: string;
  beforeAll(async () => {
    broken = await orderWithAll();
    // A wrong restore: the column comes from another order.
    await api.database`
      UPDATE orders SET ${api.database(column)} = (
        SELECT ${api.database(column)} FROM orders WHERE id = ${healthy}) WHERE id = ${broken}`;
  });

  it.each([
    ['the list of all orders', () => '/api/v1/orders'],
    ["the list of the case's orders", () => `${CASE()}/orders`],
    ['the events', () => '/api/v1/events'],
    ['the case detail', DETAIL],
    ['the case detail with the bytes', () => `${DETAIL()}&documentFormat=base64`],
  ])('does not break %s', async (_what, url) => {
    // An event is listed once no earlier transaction of the whole Postgres is open.
    const entries = await eventually('both orders are listed', async () => {
      const both = [await listed(url(), healthy), await listed(url(), broken)];
      return both.every(({ length }) => length > 0) && both[1];
    });
    for (const each of entries) expect(JSON.stringify(each)).not.toContain('v1.');
  });

  it('is marked as unreadable, and no other order is', async () => {
    for (const url of ['/api/v1/orders', `${CASE()}/orders`]) {
      expect(await listed(url, broken)).toMatchObject([{ unreadable: true }]);
      expect((await listed(url, healthy))[0]).not.toHaveProperty('unreadable');
    }
    expect(await api.get(`${CASE()}/orders/${broken}`)).toMatchObject({
      status: 200,
      json: { data: { order: { id: broken, status: 'NEEDS_ATTENTION', unreadable: true } } },
    });
  });

  it('is logged once by its id, and counted', async () => {
    for (let reads = 0; reads < 3; reads += 1) await api.get('/api/v1/orders');

    const lines = api.app.log.lines.filter(
      ({ message, fields }) => message === 'order unreadable' && fields.orderId === broken,
    );
    expect(lines).toMatchObject([{ level: 'error', fields: { code: 'SEAL_BROKEN' } }]);
    expect((await api.get('/metrics')).text).toMatch(/^rx_broken_seals_total [1-9]/m);
  });
});

it.each([
  ['a shipment', 'UPDATE shipments SET tracking_id', ({ shipments }: Shown) => shipments],
  ['a document', 'UPDATE documents SET name', ({ documents }: Shown) => documents],
])('shows an order with %s whose text was altered', async (_what, update, partsOf) => {
  const orderId = await orderWithAll();
  await api.database.unsafe(`${update} = 'v1.${'A'.repeat(60)}' WHERE order_id = $1`, [orderId]);

  const { status, json } = await api.get(`${CASE()}/orders/${orderId}`);

  expect(status).toBe(200);
  expect(json.data.order).toMatchObject({ unreadable: true, reason: 'a reason' });
  expect(partsOf(json.data.order)).toHaveLength(1);
  expect((await api.get('/api/v1/events')).status).toBe(200);
  expect((await api.get(DETAIL())).status).toBe(200);
});

interface Shown {
  readonly documents: unknown[];
  readonly shipments: unknown[];
}

it('sends a link instead of the bytes of a document that is damaged', async () => {
  const orderId = await orderWithAll();
  const [row] = await api.database<{ storageKey: string }[]>`
    SELECT storage_key FROM documents WHERE order_id = ${orderId}`;
  await writeFile(path.join(api.app.documentsDir, row?.storageKey ?? ''), 'not an age file');

  const seen = await listed(`${DETAIL()}&documentFormat=base64`, orderId);

  const document = seen.find((each) => 'fileName' in each);
  expect(document).toMatchObject({ url: expect.stringContaining('/documents/') });
  expect(document).not.toHaveProperty('content');
});
