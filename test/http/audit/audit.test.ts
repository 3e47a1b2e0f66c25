import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../src/audit/record-audit.ts';
import { DocumentStoreError } from '../../../src/documents/document-errors.ts';
import { createDocumentLinks } from '../../../src/documents/document-links.ts';
import { auditRequest } from '../../../src/http/audit.ts';
import { createErrorHandler } from '../../../src/http/errors/error-responses.ts';
import type { RouteDependencies } from '../../../src/http/route.ts';
import { routes } from '../../../src/http/routes.ts';
import { DatabaseTimeoutError } from '../../../src/storage/database.ts';
import { CASES, NOBODY_LISTENS, type Subject } from '../../support/access-cases.ts';
import { createKeptLog } from '../../support/logs.ts';
import { createKey, createOrganization, HASH_SECRET } from '../../support/organization.ts';
import { createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';
import { storeDelivery } from '../../support/stored-delivery.ts';
import { storeDocument } from '../../support/stored-document.ts';
import {
  exampleWithKey,
  exampleWithoutKey,
  startTestApi,
  type TestApi,
} from '../../support/test-api.ts';

const TABLE = routes({} as RouteDependencies);
const RECORDED = Object.keys(CASES).filter((name) => {
  const route = TABLE.find(
    ({ method, url }) => name.split(' ', 2).join(' ') === `${method} ${url}`,
  );
  return route?.auth !== 'none' && typeof route?.audit !== 'object';
});

let api: TestApi;
let ours: Subject;
const keys: Record<string, { id: string; organizationId: string; key: string }> = {};

beforeAll(async () => {
  api = await startTestApi();
  const { organizationId, caseId } = api.organization;
  const idempotencyKey = `key-${randomUUID()}`;
  const orderId = (await api.place(exampleWithKey(idempotencyKey))).json.data.order.id as string;
  await api.database`
    UPDATE orders SET status = 'AWAITING_COMPLETION', sent_at = now() WHERE id = ${orderId}`;
  const { id: documentId } = await storeDocument(api, orderId, { name: 'label.pdf' });
  const stored = await storeDelivery(api.database, organizationId, {
    url: NOBODY_LISTENS,
    orderId,
  });
  ours = { caseId, orderId, documentId, idempotencyKey, ...stored };
  const other = await createOrganization(api.database);
  const scopes = ['orders:write', 'orders:read', 'cases:write', 'webhooks:manage'];
  for (const [kind, owner] of [
    ['all', organizationId],
    ['foreign', other.organizationId],
  ] as const) {
    const before = await api.database<{ id: string }[]>`SELECT id FROM api_keys`;
    const key = await createKey(api.database, owner, { scopes });
    const after = await api.database<{ id: string }[]>`SELECT id FROM api_keys`;
    const made = after.find(({ id }) => !before.some((old) => old.id === id));
    keys[kind] = { id: made?.id ?? '', organizationId: owner, key };
  }
});
afterAll(() => api.close());

async function send(name: string, key: string): Promise<number> {
  const [method = '', url = ''] = name.split(' ');
  const { query, headers, body, before } = CASES[name] ?? {};
  await before?.(api.database);
  const path = url.replace(/:(\w+)/g, (_, field: keyof Subject) => ours[field]);
  const answer = await api.send(method, path + (query?.(ours) ?? ''), {
    headers: {
      'cv-api-key': key,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers?.(ours),
    },
    ...(body === undefined ? {} : { body: body(ours) }),
  });
  return answer.status;
}

const RESULTS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'OK',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
};

/** Runs a call, and returns the entries that it adds to the audit log. */
async function rowsOf(call: () => Promise<unknown>) {
  const [last] = await api.database`SELECT coalesce(max(id), 0)::text AS id FROM audit_log`;
  await call();
  return await api.database`
    SELECT * FROM audit_log WHERE id > ${last?.['id'] as string}::text::bigint ORDER BY id`;
}

it.each(RECORDED.flatMap((name) => ['all', 'foreign'].map((kind) => ({ name, kind }))))(
  '$name with key “$kind” leaves one entry with the actor, the organization and the result',
  async ({ name, kind }) => {
    const key = keys[kind];
    let status = 0;
    const rows = await rowsOf(async () => {
      status = await send(name, key?.key ?? '');
    });

    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      actorKind: 'key',
      actor: key?.id,
      organizationId: key?.organizationId,
      source: '127.0.0.1',
      result: RESULTS[status],
    });
    if (name.includes(':caseId')) expect(rows[0]?.['caseId']).toBe(ours.caseId);
    if (name.includes(':orderId')) expect(rows[0]?.['orderId']).toBe(ours.orderId);
    expect(JSON.stringify(rows)).not.toMatch(/Jane|Hypertension|Patient Ave/);
  },
);

/** The transaction ids of an order and of its entries in the audit log. */
async function transactionsOf(orderId: string) {
  const [order] = await api.database`SELECT xmin::text FROM orders WHERE id = ${orderId}`;
  const rows = await api.database`
    SELECT action, (transaction_id::text::numeric % 4294967296)::text AS xid FROM audit_log
    WHERE order_id = ${orderId} ORDER BY id`;
  return { order: order?.['xmin'] as string, rows };
}

it('commits an order together with its entry, and a request to cancel it too', async () => {
  const { caseId } = api.organization;
  const orderId = (await api.place(exampleWithoutKey())).json.data.order.id as string;
  const placed = await transactionsOf(orderId);
  expect(placed.rows).toEqual([{ action: 'ORDER_PLACED', xid: placed.order }]);

  await api.place({ action: 'CANCEL_ORDER', orderId }, { caseId });
  const cancelled = await transactionsOf(orderId);
  expect(cancelled.rows.slice(1)).toEqual([
    { action: 'ORDER_CANCEL_REQUESTED', xid: cancelled.order },
  ]);
});

it('records a replayed order with the id of the first one', async () => {
  const body = exampleWithKey('repeated');
  const { id } = (await api.place(body)).json.data.order;
  const rows = await rowsOf(() => api.place(body, { headers: { 'idempotency-mode': 'replay' } }));
  expect(rows).toMatchObject([{ action: 'ORDER_PLACED', orderId: id, result: 'OK' }]);
});

it('records invalid bodies and failures without any data of the request', async () => {
  const refused = await rowsOf(() => api.place({ action: 'PLACE_ORDER', order: 'Jane' }));
  expect(refused).toMatchObject([
    { action: 'ORDER_PLACED', actorKind: 'key', result: 'INVALID', orderId: null },
  ]);
  expect(JSON.stringify(refused)).not.toContain('Jane');

  await api.database`ALTER TABLE shipments RENAME TO shipments_renamed`;
  const { caseId, orderId } = ours;
  const failed = await rowsOf(async () => {
    const { status } = await api.get(`/api/v1/cases/${caseId}/orders/${orderId}`);
    expect(status).toBe(500);
  });
  await api.database`ALTER TABLE shipments_renamed RENAME TO shipments`;
  expect(failed).toMatchObject([{ action: 'ORDER_READ', result: 'FAILED', orderId }]);
});

it.each([
  ['an unreachable document store', new DocumentStoreError('AccessDenied'), ['FAILED']],
  ['an unreachable Postgres', new DatabaseTimeoutError(), []],
])('records a 503 for %s only if Postgres can store the entry', async (_what, error, results) => {
  const entries: AuditEntry[] = [];
  const log = createKeptLog();
  const app = Fastify();
  app
    .decorateRequest('caller', null)
    .decorateRequest('orderId', null)
    .decorateRequest('audit', null);
  app.addHook('onRequest', async (request) => {
    const rateLimit = {
      state: () => ({ burst: 1, remaining: 1, perSecond: 1 }),
      refuseOwing: () => undefined,
      charge: () => undefined,
    };
    request.caller = { keyId: 'key', organizationId: 'organization', scopes: [], rateLimit };
  });
  const record = async (entry: AuditEntry) => void entries.push(entry);
  app.addHook('onSend', auditRequest({ auth: 'orders:read' }, 'DOCUMENT_READ', record, log));
  app.setErrorHandler(createErrorHandler(log));
  app.get('/', () => Promise.reject(error));

  expect((await app.inject('/')).statusCode).toBe(503);
  expect(entries.map(({ result }) => result)).toEqual(results);
});

it('records a read through a signed link with its organization, case, order and endpoint', async () => {
  const { caseId, orderId, documentId, endpointId } = ours;
  const links = createDocumentLinks({ publicUrl: api.app.url, secrets: [HASH_SECRET] });
  const read = async (link: string) => (await fetch(link)).status;
  const row = {
    ...{ actorKind: 'system', action: 'DOCUMENT_READ', result: 'OK', source: '127.0.0.1' },
    ...{ organizationId: api.organization.organizationId, caseId, orderId },
  };
  const rows = await rowsOf(async () => {
    expect(await read(links.create(documentId, endpointId))).toBe(200);
    expect(await read(links.create(documentId))).toBe(200);
    expect(await read(`${links.create(documentId)}&endpoint=${endpointId}`)).toBe(403);
  });
  expect(rows).toMatchObject([
    { ...row, actor: `signed-link:${endpointId}` },
    { ...row, actor: 'signed-link' },
  ]);
});

it('records nothing for a request without a valid key', async () => {
  const path = `/api/v1/cases/${ours.caseId}`;
  const rows = await rowsOf(async () => {
    expect((await api.send('POST', path, { body: '{' })).status).toBe(400);
    const headers = { 'cv-api-key': 'nobody' };
    expect((await api.send('GET', `${path}/orders`, { headers })).status).toBe(401);
  });
  expect(rows).toEqual([]);
});

describe('a pharmacy', () => {
  let pharmacy: TestPharmacy;
  beforeAll(async () => {
    pharmacy = await createPharmacy(api.database);
  });

  const sendMessage = async (body: string, headers: Record<string, string>) =>
    await api.send('POST', `/webhooks/pharmacies/${pharmacy.id}`, {
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });

  it('commits an entry with each stored message, and none for a forged one', async () => {
    const order = { ...exampleWithoutKey().order, pharmacyId: pharmacy.id };
    const orderId = (await api.place({ ...exampleWithoutKey(), order })).json.data.order.id;
    const body = JSON.stringify({
      type: 'order.completed',
      data: { id: 'ph-1', reference: orderId },
    });
    const headers = pharmacy.sign(body);

    const rows = await rowsOf(async () => {
      expect((await sendMessage(`${body} `, headers)).status).toBe(401);
      expect((await sendMessage(body, headers)).status).toBe(202);
      expect((await sendMessage(body, headers)).status).toBe(202);
    });
    expect(rows).toMatchObject([
      {
        ...{ actorKind: 'pharmacy', actor: pharmacy.id, action: 'PHARMACY_MESSAGE_STORED' },
        ...{ orderId, source: '127.0.0.1', result: 'OK' },
      },
    ]);
    const [message] = await api.database`
      SELECT xmin::text AS xid FROM inbox WHERE pharmacy_id = ${pharmacy.id}`;
    expect((await transactionsOf(orderId)).rows.at(-1)).toEqual({
      ...{ action: 'PHARMACY_MESSAGE_STORED', xid: message?.['xid'] as string },
    });
  });
});

it('refuses reads and orders that cannot be recorded, and reports changes that are already stored', async () => {
  const orders = await api.count('orders');
  await api.database`ALTER TABLE audit_log RENAME TO audit_log_renamed`;
  try {
    const { key = '' } = keys['all'] ?? {};
    expect(await send('GET /api/v1/orders', key)).toBe(503);
    expect(await api.place(exampleWithKey('while-the-audit-log-is-missing'))).toMatchObject({
      status: 500,
    });
    expect(await api.place({})).toMatchObject({ status: 400 });
    // `sendTo` checks the error envelope.
    const elsewhere = await api.get(`/api/v1/cases/${randomUUID()}/orders`);
    expect([elsewhere.status, elsewhere.headers.has('retry-after')]).toEqual([503, true]);
    expect(await send('POST /api/v1/webhook-endpoints/:endpointId/rotate-secret', key)).toBe(200);
    expect(api.app.log.lines.map(({ message }) => message)).toContain('audit record failed');
  } finally {
    await api.database`ALTER TABLE audit_log_renamed RENAME TO audit_log`;
  }
  expect(await api.count('orders')).toBe(orders);
});
