import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route, RouteDependencies } from '../../src/http/route.ts';
import { routes } from '../../src/http/routes.ts';
import { CASES, DOCS_PAGE, NOBODY_LISTENS, type Subject } from '../support/access-cases.ts';
import { createKey, createOrganization } from '../support/organization.ts';
import { securityHeadersAt, securityHeadersOf } from '../support/security-headers.ts';
import { storeDelivery } from '../support/stored-delivery.ts';
import { storeDocument } from '../support/stored-document.ts';
import { type Answer, exampleWithKey, startTestApi, type TestApi } from '../support/test-api.ts';

/*
 * Calls every route with every kind of key. The cases come from the route table, so a new route
 * without a case fails the first test.
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

/** Headers that differ between any two responses; `ratelimit` counts the key’s requests. */
const OF_THE_MOMENT = ['date', 'ratelimit'];

/** The table needs no dependencies, because handlers use them only when they are called. */
const TABLE = routes({} as RouteDependencies).flatMap((route) =>
  namesOf(route).map((name) => ({ ...route, name })),
);

/** The names of a route’s cases; the route with several actions has one case for each. */
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

/** The bodies that the contract fixes byte for byte. */
const FIXED: Readonly<Record<number, string>> = {
  400: '{"status":400,"success":false,"message":"Invalid request","error":"cv-api-key is required","errors":[{"path":"cv-api-key","message":"cv-api-key is required"}]}',
  401: '{"status":401,"success":false,"message":"Invalid request","error":"Unauthorized"}',
  403: '{"status":403,"success":false,"message":"Invalid request","error":"Permission denied"}',
};

let api: TestApi;
let ours: Subject;
let keys: Record<KeyKind, string | undefined>;
/** The texts of the SQL statements, in the order of sending. */
const statements: string[] = [];

beforeAll(async () => {
  api = await startTestApi();
  const { organizationId, caseId } = api.organization;
  const idempotencyKey = `key-${randomUUID()}`;
  const orderId = (await api.place(exampleWithKey(idempotencyKey))).json.data.order.id as string;
  // The pharmacy has the order, so the test can request its cancellation repeatedly.
  await api.database`
    UPDATE orders SET status = 'AWAITING_COMPLETION', sent_at = now() WHERE id = ${orderId}`;
  const { id: documentId } = await storeDocument(api, orderId, { name: 'secret-label.pdf' });
  const { endpointId, deliveryId } = await storeDelivery(api.database, organizationId, {
    url: NOBODY_LISTENS,
    orderId,
  });
  ours = { caseId, orderId, documentId, idempotencyKey, endpointId, deliveryId };

  const other = await createOrganization(api.database);
  const ofOurs = (options: Parameters<typeof createKey>[2]) =>
    createKey(api.database, organizationId, options);
  const past = new Date(Date.now() - 1_000);
  keys = {
    none: undefined,
    blank: '   ',
    unknown: 'key-of-nobody',
    revoked: await ofOurs({ scopes: [...SCOPES], revokedAt: past }),
    expired: await ofOurs({ scopes: [...SCOPES], expiresAt: past }),
    foreign: await createKey(api.database, other.organizationId, { scopes: [...SCOPES] }),
    'orders:write': await ofOurs({ scopes: ['orders:write'] }),
    'orders:read': await ofOurs({ scopes: ['orders:read'] }),
    'cases:write': await ofOurs({ scopes: ['cases:write'] }),
    'webhooks:manage': await ofOurs({ scopes: ['webhooks:manage'] }),
    all: await ofOurs({ scopes: [...SCOPES] }),
  };
  api.asServer.options.debug = (_connection, text) => statements.push(text);
});
afterAll(async () => {
  const { length: cells } = MATRIX;
  console.info(
    `access matrix: ${TABLE.length} routes and actions × ${KEYS.length} keys = ${cells} cells`,
  );
  await api.close();
});

async function send(name: string, key: KeyKind, subject: Subject): Promise<Answer> {
  const [method = '', url = ''] = name.split(' ');
  const { query, headers, body, before } = CASES[name] ?? {};
  await before?.(api.database);
  const path = url
    .replace(':caseId', subject.caseId)
    .replace(':orderId', subject.orderId)
    .replace(':documentId', subject.documentId)
    .replace(':endpointId', subject.endpointId)
    .replace(':deliveryId', subject.deliveryId)
    .replace(':pharmacyId', 'pharmacy-of-nobody')
    .replace(':page', 'caseAction');
  const apiKey = keys[key];
  return await api.send(method, path + (query?.(subject) ?? ''), {
    headers: {
      ...(apiKey === undefined ? {} : { 'cv-api-key': apiKey }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers?.(subject),
    },
    ...(body === undefined ? {} : { body: body(subject) }),
  });
}

/** A response as text, without the headers that always differ. */
function bytesOf({ status, headers, text }: Answer): string {
  const kept = [...headers].filter(([name]) => !OF_THE_MOMENT.includes(name));
  return JSON.stringify([status, kept, text]);
}

/** `PUT` creates the case of another organization as a case of the caller; later requests would find it. */
function subjectFor(name: string, key: KeyKind): Subject {
  return key === 'foreign' && CASES[name]?.refusesUnknown === false ? unknown() : ours;
}

/** A subject whose ids belong to nobody. */
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

it('there is a case for every route of the table, and for no other', () => {
  expect(Object.keys(CASES).sort()).toEqual(TABLE.map(({ name }) => name).sort());
});

describe('access', () => {
  it.each(MATRIX)(
    'to $name with key “$key” returns $status with the security headers',
    async ({ name, key, status }) => {
      const answer = await send(name, key, subjectFor(name, key));

      expect(answer.status).toBe(status);
      expect(securityHeadersOf(answer)).toEqual(securityHeadersAt(name));
      if (FIXED[status] !== undefined) expect(answer.text).toBe(FIXED[status]);
    },
  );

  // The API document and its page contain the published examples, with the same patient name.
  const OF_DATA = TABLE.filter(({ url }) => url !== '/openapi.json' && !DOCS_PAGE.includes(url));
  it.each(OF_DATA)('to $name reveals no data to another organization', async ({ name }) => {
    const answer = await send(name, 'foreign', subjectFor(name, 'foreign'));

    const secrets = [...Object.values(ours), api.organization.organizationId, 'secret-label'];
    for (const secret of [...secrets, 'Jane', 'Hypertension', 'Patient Ave']) {
      expect(bytesOf(answer)).not.toContain(secret);
    }
  });
});

const REFUSING = GUARDED.filter(
  ({ name }) => CASES[name]?.refusesUnknown !== false && (CASES[name]?.foreign ?? 0) >= 400,
);

describe.each(REFUSING)('“not yours” from $name', ({ name }) => {
  it('has the same bytes as “not found”, after the same SQL statements', async () => {
    const ask = async (subject: typeof ours) => {
      statements.length = 0;
      const answer = await send(name, 'foreign', subject);
      return { bytes: bytesOf(answer), statements: statements.splice(0) };
    };
    let seen: Awaited<ReturnType<typeof ask>>[] = [];
    // Repeated because a background statement, or one that leases a key's tokens, can come between.
    for (let attempt = 0; attempt < 5; attempt += 1) {
      seen = [await ask(ours), await ask(unknown())];
      if (isDeepStrictEqual(seen[0], seen[1])) break;
    }

    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]?.statements.length).toBeGreaterThan(1);
  });

  it('takes as long as “not found”', async () => {
    const times: Record<'notYours' | 'notFound', number[]> = { notYours: [], notFound: [] };
    for (let round = 0; round < 60; round++) {
      for (const which of ['notYours', 'notFound'] as const) {
        const subject = which === 'notYours' ? ours : unknown();
        const start = performance.now();
        await send(name, 'foreign', subject);
        times[which].push(performance.now() - start);
      }
    }

    const ratio = median(times.notYours) / median(times.notFound);
    // The bounds are far wider than noise; a second round trip to the database would exceed them.
    expect(ratio).toBeGreaterThan(0.25);
    expect(ratio).toBeLessThan(4);
  });
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
