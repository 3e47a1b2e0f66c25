import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeStatus } from '../../../src/orders/change-status.ts';
import { receiveMessage } from '../../../src/orders/inbox.ts';
import {
  createKey,
  createOrganization,
  TESTER,
  type TestOrganization,
} from '../../support/organization.ts';
import { insertDocument } from '../../support/sealed-rows.ts';
import {
  exampleWithKey,
  exampleWithoutKey,
  startTestApi,
  type TestApi,
} from '../../support/test-api.ts';

let api: TestApi;
let other: TestOrganization;
beforeAll(async () => {
  api = await startTestApi();
  other = await createOrganization(api.database);
});
afterAll(() => api.close());

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const FORBIDDEN =
  '{"status":403,"success":false,"message":"Invalid request","error":"Permission denied"}';
const NOT_FOUND = {
  status: 404,
  success: false,
  message: 'Not found',
  error: 'order not found',
};

async function placed(body: object = exampleWithoutKey()): Promise<string> {
  return (await api.place(body)).json.data.order.id;
}

function pathOf(orderId: string, caseId = api.organization.caseId): string {
  return `/api/v1/cases/${caseId}/orders/${orderId}`;
}

describe('an order', () => {
  it('shows all fields as soon as it is accepted', async () => {
    const id = await placed(exampleWithKey('read-me'));

    const answer = await api.get(pathOf(id));

    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      status: 200,
      success: true,
      message: expect.any(String),
      data: {
        order: {
          id,
          caseId: api.organization.caseId,
          status: 'ACCEPTED',
          pharmacyId: 'pharmacy-123',
          pharmacyOrderId: null,
          idempotencyKey: 'read-me',
          createdAt: expect.stringMatching(TIME),
          updatedAt: expect.stringMatching(TIME),
          documents: [],
          shipments: [],
        },
      },
    });
  });

  it('shows its reason, documents and shipments', async () => {
    const { database } = api;
    const id = await placed();
    const [documentId, sha256] = [randomUUID(), 'ab'.repeat(32)];
    await changeStatus(database, id, {
      ...({ to: 'NEEDS_ATTENTION', actor: 'system' } as const),
      ...{ reasonCode: 'SOME_CODE', reason: 'Why.', pharmacyOrderId: 'ph-1' },
    });
    const document = { id: documentId, name: 'label.pdf', size: 3_000_000_000, sha256 };
    await insertDocument(database, id, { ...document, storageKey: 'secret/place.pdf' });
    const shipments = [
      { trackingId: 'T1', carrier: 'UPS', trackingUrl: 'https://example.com/T1' },
      { trackingId: 'T2' },
    ];
    const { pharmacyId } = exampleWithoutKey().order;
    for (const shipment of shipments) {
      const message = { webhookId: randomUUID(), type: 'tracking_added', reference: id } as const;
      await receiveMessage(database, pharmacyId, { ...message, shipment }, TESTER);
    }

    const { json, text } = await api.get(pathOf(id));

    const createdAt = expect.stringMatching(TIME);
    const addedAt = expect.stringMatching(TIME);
    expect(json.data.order).toMatchObject({
      status: 'NEEDS_ATTENTION',
      reason: 'Why.',
      pharmacyOrderId: 'ph-1',
      idempotencyKey: null,
    });
    expect(json.data.order.documents).toEqual([
      {
        id: documentId,
        name: 'label.pdf',
        contentType: 'application/pdf',
        size: 3_000_000_000,
        sha256,
        version: 1,
        createdAt,
      },
    ]);
    expect(json.data.order.shipments).toEqual([
      { carrier: 'UPS', trackingId: 'T1', trackingUrl: 'https://example.com/T1', addedAt },
      { trackingId: 'T2', addedAt },
    ]);
    expect(text).not.toContain('secret/place.pdf');
  });

  it('shows its delay once a step has been failing for more than a minute', async () => {
    const id = await placed();
    const since = new Date(Date.now() - 55_000);
    const nextAttemptAt = new Date(Date.now() + 5_000);
    await api.database`
      UPDATE orders SET delay_code = 'PHARMACY_TIMEOUT', delay_since = ${since},
        delay_attempts = 7, delay_next_at = ${nextAttemptAt} WHERE id = ${id}`;
    const shown = async () => (await api.get(pathOf(id))).json.data.order.delay;

    expect(await shown()).toBeUndefined();

    since.setSeconds(since.getSeconds() - 6);
    await api.database`UPDATE orders SET delay_since = ${since} WHERE id = ${id}`;
    const delay = {
      code: 'PHARMACY_TIMEOUT',
      since: since.toISOString(),
      attempts: 7,
      nextAttemptAt: nextAttemptAt.toISOString(),
    };
    expect(await shown()).toEqual(delay);
    const list = await api.get(`/api/v1/cases/${api.organization.caseId}/orders`);
    const orders = list.json.data.orders as { id: string; delay?: object }[];
    expect(orders.find((order) => order.id === id)?.delay).toEqual(delay);
  });

  it('is shown to a read-only key', async () => {
    const { organizationId } = api.organization;
    const key = await createKey(api.database, organizationId, { scopes: ['orders:read'] });

    expect((await api.get(pathOf(await placed()), { 'cv-api-key': key })).status).toBe(200);
  });

  it('answers HEAD without a body', async () => {
    const answer = await api.send('HEAD', pathOf(await placed()), {
      headers: { 'cv-api-key': api.organization.apiKey },
    });

    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});

describe('another organization', () => {
  it('gets 403 for the case, as for an unknown case', async () => {
    const id = await placed();
    const key = { 'cv-api-key': other.apiKey };

    for (const below of ['', '/documents', `/documents/${randomUUID()}`]) {
      const foreign = await api.get(pathOf(id) + below, key);
      const unknown = await api.get(pathOf(id, randomUUID()) + below, key);

      expect([foreign.status, foreign.text]).toEqual([403, FORBIDDEN]);
      expect([unknown.status, unknown.text]).toEqual([403, FORBIDDEN]);
    }
  });

  it('gets 404 for the order below its own case', async () => {
    const id = await placed();

    const answer = await api.get(pathOf(id, other.caseId), { 'cv-api-key': other.apiKey });

    expect(answer.json).toEqual(NOT_FOUND);
  });
});

describe('an unknown order', () => {
  it.each([
    ['unknown', () => randomUUID()],
    ['malformed', () => 'not-a-uuid'],
    ['almost a UUID', () => `${randomUUID()}0`],
    ['very long', () => '1'.repeat(4_000)],
    ['NUL', () => '%00'],
    ['SQL', () => "'%20OR%20true--"],
  ])('gets 404 if its id is %s', async (_what, id) => {
    for (const below of ['', '/documents']) {
      const answer = await api.get(pathOf(id()) + below);

      expect(answer.status).toBe(404);
      expect(answer.json).toEqual(NOT_FOUND);
    }
  });

  it('gets 404 below another case of the same organization', async () => {
    const id = await placed();

    const answer = await api.get(pathOf(id, api.organization.caseWithoutAddress));

    expect(answer.json).toEqual(NOT_FOUND);
  });

  it.each(['%00', `a%00b`])('gets 403 below the case %j', async (caseId) => {
    for (const below of ['', '/documents', `/documents/${randomUUID()}`]) {
      const answer = await api.get(pathOf(await placed(), caseId) + below);

      expect([answer.status, answer.text]).toEqual([403, FORBIDDEN]);
    }
  });
});
