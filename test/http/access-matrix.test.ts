import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREATE_ENDPOINT_EXAMPLE, PUT_CASE_EXAMPLE } from '../../src/http/examples.ts';
import type { Route, RouteDependencies } from '../../src/http/route.ts';
import { routes } from '../../src/http/routes.ts';
import {
  type Answer,
  type Door,
  exampleWithKey,
  exampleWithoutKey,
  openDoor,
} from '../support/door.ts';
import { createKey, createOrganization } from '../support/organization.ts';
import { storeDelivery } from '../support/stored-delivery.ts';
import { storeDocument } from '../support/stored-document.ts';

/*
 * Every route of the route table with every kind of key. The table itself is the source: a route
 * that has no case here fails the first test.
 */

const SCOPES = ['orders:write', 'orders:read', 'cases:write', 'webhooks:manage'] as const;
const KEYS = [
  'none',
  'blank',
  'unknown',
  'revoked',
  'expired',
  'foreign',
  ...SCOPES,
  'all',
] as const;
type KeyKind = (typeof KEYS)[number];

/** What a request names; another organization's, or nobody's. */
interface Subject {
  readonly caseId: string;
  readonly orderId: string;
  readonly documentId: string;
  readonly idempotencyKey: string;
  readonly endpointId: string;
  readonly deliveryId: string;
}

interface RouteCase {
  readonly query?: (subject: Subject) => string;
  readonly headers?: (subject: Subject) => Record<string, string>;
  readonly body?: (subject: Subject) => unknown;
  /** Done before each request. */
  readonly before?: () => Promise<unknown>;
  /** With a key that opens it, or any where `auth` is `none`. */
  readonly served: number;
  /** With a key of another organization that has every scope. */
  readonly foreign: number;
  /** False: what is not there is no refusal, so there is nothing to compare. */
  readonly refusesUnknown?: false;
}

const NOBODY_LISTENS = 'http://127.0.0.1:1024/hook';

/** Headers that differ between any two answers: the second counts the key’s requests. */
const OF_THE_MOMENT = ['date', 'ratelimit'];

const DOCS_PAGE = [
  '/docs',
  ...['docs.css', 'icon.svg', 'docs.js', 'dom.js', 'schema.js', 'operation.js', 'try-it.js'].map(
    (file) => `/docs/${file}`,
  ),
];

const CASES: Readonly<Record<string, RouteCase>> = {
  'POST /api/v1/cases/:caseId PLACE_ORDER': {
    body: () => exampleWithoutKey(),
    served: 200,
    foreign: 403,
  },
  'POST /api/v1/cases/:caseId VALIDATE_ORDER': {
    body: () => ({ ...exampleWithoutKey(), action: 'VALIDATE_ORDER' }),
    served: 200,
    foreign: 403,
  },
  'POST /api/v1/cases/:caseId CANCEL_ORDER': {
    body: ({ orderId }) => ({ action: 'CANCEL_ORDER', orderId }),
    served: 200,
    foreign: 403,
  },
  // A case that is nobody's is created: that ids of cases can be told apart so is in the contract.
  'PUT /api/v1/cases/:caseId': {
    body: () => PUT_CASE_EXAMPLE,
    served: 200,
    foreign: 403,
    refusesUnknown: false,
  },
  'GET /api/v1/customer-case-detail': {
    query: ({ caseId }) => `?caseId=${caseId}&includeOrders=true&includeAttachments=true`,
    served: 200,
    foreign: 403,
  },
  'POST /api/v1/webhook-endpoints': {
    body: () => ({ ...CREATE_ENDPOINT_EXAMPLE, url: NOBODY_LISTENS }),
    served: 201,
    foreign: 201,
  },
  'GET /api/v1/webhook-endpoints': { served: 200, foreign: 200 },
  'GET /api/v1/webhook-endpoints/:endpointId': { served: 200, foreign: 404 },
  'PATCH /api/v1/webhook-endpoints/:endpointId': {
    body: () => ({ payloadMode: 'full' }),
    served: 200,
    foreign: 404,
  },
  'DELETE /api/v1/webhook-endpoints/:endpointId': {
    before: () => door.database`UPDATE webhook_endpoints SET deleted_at = NULL`,
    served: 200,
    foreign: 404,
  },
  'POST /api/v1/webhook-endpoints/:endpointId/rotate-secret': {
    before: () => door.database`UPDATE webhook_endpoints SET deleted_at = NULL`,
    served: 200,
    foreign: 404,
  },
  'POST /api/v1/webhook-endpoints/:endpointId/test': { served: 200, foreign: 404 },
  'GET /api/v1/webhook-deliveries': {
    query: ({ orderId, endpointId }) => `?orderId=${orderId}&endpointId=${endpointId}`,
    served: 200,
    foreign: 200,
  },
  'POST /api/v1/webhook-deliveries/:deliveryId/replay': { served: 200, foreign: 404 },
  'GET /api/v1/cases/:caseId/orders': { served: 200, foreign: 403 },
  'GET /api/v1/orders': { served: 200, foreign: 200 },
  'GET /api/v1/events': { served: 200, foreign: 200 },
  'GET /api/v1/orders/by-idempotency-key': {
    headers: ({ idempotencyKey }) => ({ 'idempotency-key': idempotencyKey }),
    served: 200,
    foreign: 404,
  },
  // The path names a case of ours: that is refused before what hangs below it is looked for.
  'GET /api/v1/cases/:caseId/orders/:orderId': { served: 200, foreign: 403 },
  'GET /api/v1/cases/:caseId/orders/:orderId/activity': { served: 200, foreign: 403 },
  'GET /api/v1/cases/:caseId/orders/:orderId/documents': { served: 200, foreign: 403 },
  'GET /api/v1/cases/:caseId/orders/:orderId/documents/:documentId': { served: 200, foreign: 403 },
  // An API key opens nothing here: a signature does.
  'GET /documents/:documentId': {
    query: () => `?expires=9999999999&signature=${'0'.repeat(64)}`,
    served: 403,
    foreign: 403,
  },
  'POST /webhooks/pharmacies/:pharmacyId': { body: () => ({}), served: 401, foreign: 401 },
  'GET /healthz': { served: 200, foreign: 200 },
  'GET /readyz': { served: 200, foreign: 200 },
  'GET /metrics': { served: 200, foreign: 200 },
  'GET /openapi.json': { served: 200, foreign: 200 },
  ...Object.fromEntries(
    DOCS_PAGE.map((url) => [`GET ${url}`, { served: 200, foreign: 200 }] as const),
  ),
};

/** Handlers take their parts apart when they are called: the table alone needs none. */
const TABLE = routes({} as RouteDependencies).flatMap((route) =>
  namesOf(route).map((name) => ({ ...route, name })),
);

/** The one route that does several things has a case for each. */
function namesOf({ method, url }: Route): string[] {
  const name = `${method} ${url}`;
  if (name !== 'POST /api/v1/cases/:caseId') return [name];
  return ['PLACE_ORDER', 'VALIDATE_ORDER', 'CANCEL_ORDER'].map((action) => `${name} ${action}`);
}

const GUARDED = TABLE.filter(({ auth }) => auth !== 'none');

const MATRIX = TABLE.flatMap(({ name, auth }) =>
  KEYS.map((key) => {
    const { served = 0, foreign = 0 } = CASES[name] ?? {};
    return { name, key, status: expectedStatus(key, auth, served, foreign) };
  }),
);

function expectedStatus(key: KeyKind, auth: string, served: number, foreign: number): number {
  if (auth === 'none') return served;
  if (key === 'none') return 400;
  if (key === 'blank' || key === 'unknown' || key === 'revoked' || key === 'expired') return 401;
  if (key === 'foreign') return foreign;
  return key === 'all' || key === auth ? served : 403;
}

/** The bodies that the contract fixes to the byte. */
const FIXED: Readonly<Record<number, string>> = {
  400: '{"status":400,"success":false,"message":"Invalid request","error":"cv-api-key is required","errors":[{"path":"cv-api-key","message":"cv-api-key is required"}]}',
  401: '{"status":401,"success":false,"message":"Invalid request","error":"Unauthorized"}',
  403: '{"status":403,"success":false,"message":"Invalid request","error":"Permission denied"}',
};

let door: Door;
let ours: Subject;
let keys: Record<KeyKind, string | undefined>;
/** The texts of SQL statements, in the order that they were sent. */
const statements: string[] = [];

beforeAll(async () => {
  door = await openDoor();
  const { organizationId, caseId } = door.organization;
  const idempotencyKey = `key-${randomUUID()}`;
  const orderId = (await door.place(exampleWithKey(idempotencyKey))).json.data.order.id as string;
  // At the pharmacy, so that its cancellation can be asked for again and again.
  await door.database`
    UPDATE orders SET status = 'AWAITING_COMPLETION', sent_at = now() WHERE id = ${orderId}`;
  const { id: documentId } = await storeDocument(door, orderId, { name: 'secret-label.pdf' });
  const { endpointId, deliveryId } = await storeDelivery(door.database, organizationId, {
    url: NOBODY_LISTENS,
    orderId,
  });
  ours = { caseId, orderId, documentId, idempotencyKey, endpointId, deliveryId };

  const other = await createOrganization(door.database);
  const ofOurs = (options: Parameters<typeof createKey>[2]) =>
    createKey(door.database, organizationId, options);
  const past = new Date(Date.now() - 1_000);
  keys = {
    none: undefined,
    blank: '   ',
    unknown: 'key-of-nobody',
    revoked: await ofOurs({ scopes: [...SCOPES], revokedAt: past }),
    expired: await ofOurs({ scopes: [...SCOPES], expiresAt: past }),
    foreign: await createKey(door.database, other.organizationId, { scopes: [...SCOPES] }),
    'orders:write': await ofOurs({ scopes: ['orders:write'] }),
    'orders:read': await ofOurs({ scopes: ['orders:read'] }),
    'cases:write': await ofOurs({ scopes: ['cases:write'] }),
    'webhooks:manage': await ofOurs({ scopes: ['webhooks:manage'] }),
    all: await ofOurs({ scopes: [...SCOPES] }),
  };
  door.database.options.debug = (_connection, text) => statements.push(text);
});
afterAll(async () => {
  const { length: cells } = MATRIX;
  console.info(
    `access matrix: ${TABLE.length} routes and actions × ${KEYS.length} keys = ${cells} cells`,
  );
  await door.close();
});

async function send(name: string, key: KeyKind, subject: Subject): Promise<Answer> {
  const [method = '', url = ''] = name.split(' ');
  const { query, headers, body, before } = CASES[name] ?? {};
  await before?.();
  const path = url
    .replace(':caseId', subject.caseId)
    .replace(':orderId', subject.orderId)
    .replace(':documentId', subject.documentId)
    .replace(':endpointId', subject.endpointId)
    .replace(':deliveryId', subject.deliveryId)
    .replace(':pharmacyId', 'pharmacy-of-nobody');
  const apiKey = keys[key];
  return await door.send(method, path + (query?.(subject) ?? ''), {
    headers: {
      ...(apiKey === undefined ? {} : { 'cv-api-key': apiKey }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers?.(subject),
    },
    ...(body === undefined ? {} : { body: body(subject) }),
  });
}

/** All of an answer but what is the moment's. */
function bytesOf({ status, headers, text }: Answer): string {
  const kept = [...headers].filter(([name]) => !OF_THE_MOMENT.includes(name));
  return JSON.stringify([status, kept, text]);
}

/** A subject that nobody has. */
function unknown(): Subject {
  return {
    caseId: randomUUID(),
    orderId: randomUUID(),
    documentId: randomUUID(),
    idempotencyKey: `key-${randomUUID()}`,
    endpointId: randomUUID(),
    deliveryId: randomUUID(),
  };
}

it('has a case for every route of the table, and for no other', () => {
  expect(Object.keys(CASES).sort()).toEqual(TABLE.map(({ name }) => name).sort());
});

describe('access', () => {
  it.each(MATRIX)('to $name with key “$key” answers $status', async ({ name, key, status }) => {
    const answer = await send(name, key, ours);

    expect(answer.status).toBe(status);
    if (FIXED[status] !== undefined) expect(answer.text).toBe(FIXED[status]);
  });

  // The document and its page show the published examples, whose names the test's patient shares.
  const OF_DATA = TABLE.filter(({ url }) => url !== '/openapi.json' && !DOCS_PAGE.includes(url));
  it.each(OF_DATA)('to $name gives another organization nothing of ours', async ({ name }) => {
    const answer = await send(name, 'foreign', ours);

    const secrets = [...Object.values(ours), door.organization.organizationId, 'secret-label'];
    for (const secret of [...secrets, 'Jane', 'Hypertension', 'Patient Ave']) {
      expect(bytesOf(answer)).not.toContain(secret);
    }
  });
});

const REFUSING = GUARDED.filter(
  ({ name }) => CASES[name]?.refusesUnknown !== false && (CASES[name]?.foreign ?? 0) >= 400,
);

describe.each(REFUSING)('“not yours” at $name', ({ name }) => {
  it('is answered as “not there”, to the byte, by the same statements', async () => {
    statements.length = 0;
    const notYours = await send(name, 'foreign', ours);
    const forOurs = statements.splice(0);
    const notThere = await send(name, 'foreign', unknown());
    const forUnknown = statements.splice(0);

    expect(bytesOf(notYours)).toBe(bytesOf(notThere));
    expect(forOurs.length).toBeGreaterThan(1);
    expect(forOurs).toEqual(forUnknown);
  });

  it('takes as long as “not there”', async () => {
    const times: Record<'notYours' | 'notThere', number[]> = { notYours: [], notThere: [] };
    for (let round = 0; round < 60; round++) {
      for (const which of ['notYours', 'notThere'] as const) {
        const subject = which === 'notYours' ? ours : unknown();
        const start = performance.now();
        await send(name, 'foreign', subject);
        times[which].push(performance.now() - start);
      }
    }

    const ratio = median(times.notYours) / median(times.notThere);
    // Far wider than noise: what it would catch is a path of its own, as a second round trip.
    expect(ratio).toBeGreaterThan(0.25);
    expect(ratio).toBeLessThan(4);
  });
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
