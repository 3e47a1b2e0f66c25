import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileStore } from '../../../src/documents/file-store.ts';
import { includesRole, type Page } from '../../../src/http/console/page.ts';
import { CONSOLE_ROLES, type ConsoleRole } from '../../../src/operators/console-sessions.ts';
import { NOBODY_LISTENS } from '../../support/access-cases.ts';
import { startConsole, type TestConsole } from '../../support/console-app.ts';
import { CONSOLE_PAGES } from '../../support/console-pages.ts';
import { createPharmacy } from '../../support/pharmacy.ts';
import { storeDelivery } from '../../support/stored-delivery.ts';
import { storeDocument } from '../../support/stored-document.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

// What the audit log has of each page and action of the console.

let api: TestApi;
let served: TestConsole;
/** What the paths and the forms name. */
let ours: Record<'organizationId' | 'caseId' | 'orderId' | 'version' | Parameter, string>;
type Parameter = 'documentId' | 'endpointId' | 'deliveryId' | 'pharmacyId' | 'messageId';

beforeAll(async () => {
  api = await startTestApi();
  const { organizationId, caseId } = api.organization;
  const pharmacy = await createPharmacy(api.database);
  const body = exampleWithoutKey();
  const placed = await api.place({ ...body, order: { ...body.order, pharmacyId: pharmacy.id } });
  const orderId = placed.json.data.order.id as string;
  const [order] = await api.database<[{ version: string }]>`
    UPDATE orders SET status = 'NEEDS_ATTENTION', reason_code = 'PHARMACY_UNKNOWN'
    WHERE id = ${orderId} RETURNING updated_at::text AS version`;
  const { id: documentId } = await storeDocument(api, orderId);
  const delivery = await storeDelivery(api.database, organizationId, {
    ...{ url: NOBODY_LISTENS, orderId },
  });
  await pharmacy.tell(api.app.url, { type: 'order.completed', data: { id: 'nobody-knows' } });
  const [message] = await api.database<[{ id: string }]>`SELECT id FROM inbox`;
  ours = {
    ...{ organizationId, caseId, orderId, documentId, ...order, ...delivery },
    ...{ pharmacyId: pharmacy.id, messageId: String(message.id) },
  };
  served = await startConsole(api.databaseUrl, createFileStore(api.app.documentsDir));
});
afterAll(async () => {
  await served.close();
  await api.close();
});

interface PageCase {
  readonly form?: () => Record<string, string>;
  /** What the row names. */
  readonly subject?: readonly ('organizationId' | 'caseId' | 'orderId')[];
  /** What the action itself records, for a page that records nothing. */
  readonly itself?: string;
}

/** An id that nothing has. */
const NOTHING = '0198a000-0000-7000-8000-0000000000ff';
const ORDER = { subject: ['organizationId', 'caseId', 'orderId'] } as const;
const ENDPOINT = { subject: ['organizationId'] } as const;

/** Each page and action. Without a case here, its test fails. */
const CASES: Readonly<Record<string, PageCase>> = {
  'GET /': {},
  'GET /attention': {},
  'POST /repairs': {
    ...ORDER,
    form: () => ({
      ...{ order: `${ours.orderId} ${ours.version}`, action: 'cancel', reason: 'a test' },
    }),
    itself: 'ORDER_CANCEL_REQUESTED',
  },
  'GET /orders': {},
  'POST /orders': { form: () => ({ text: 'nothing' }) },
  'GET /orders/:orderId': ORDER,
  'POST /orders/:orderId/shown': ORDER,
  'GET /orders/:orderId/documents/:documentId': ORDER,
  'GET /messages': {},
  'POST /messages/:messageId/link': {
    ...ORDER,
    form: () => ({ order: ours.orderId, reason: 'a test' }),
    itself: 'MESSAGE_LINKED',
  },
  'GET /pharmacies': {},
  'GET /pharmacies/:pharmacyId': {},
  'POST /pharmacies/:pharmacyId/enable': {},
  'POST /pharmacies/:pharmacyId/disable': {},
  'POST /pharmacies/:pharmacyId/test': {},
  'POST /pharmacies/:pharmacyId/secrets': { form: () => ({ token: 'another' }) },
  'GET /endpoints': {},
  'GET /endpoints/:endpointId': ENDPOINT,
  'POST /endpoints/:endpointId/test': ENDPOINT,
  'POST /endpoints/:endpointId/enable': ENDPOINT,
  'POST /endpoints/:endpointId/disable': ENDPOINT,
  'POST /endpoints/:endpointId/replay': { ...ENDPOINT, itself: 'DELIVERY_REPLAYED' },
  'POST /endpoints/:endpointId/rotate': ENDPOINT,
  'POST /deliveries/:deliveryId/replay': {
    subject: ['organizationId', 'orderId'],
    itself: 'DELIVERY_REPLAYED',
  },
  'GET /audit': {},
  'POST /audit': {},
  'POST /audit/export': {},
  'POST /audit/verify': {},
};

/** A page at which a role is served, or refused. */
const VISITS = CONSOLE_PAGES.flatMap((page) =>
  CONSOLE_ROLES.filter((role) => role === page.role || !includesRole(role, page.role)).map(
    (role) => ({ name: `${page.method} ${page.url}`, page, role }),
  ),
);

/** What else the row of a page names. The id of a pharmacy may be any text, so it is named only if it exists. */
function objectAt(url: string, isServed: boolean): { requestId?: string } {
  const [, kind] = /\/:(document|endpoint|delivery|pharmacy)Id(?:\/\w+)?$/.exec(url) ?? [];
  if (kind === undefined || (kind === 'pharmacy' && !isServed)) return {};
  return { requestId: `${kind}/${ours[`${kind}Id` as Parameter]}` };
}

/** Sends the request of a page as somebody, and returns its answer and the new rows of the audit log. */
async function visit(
  { method, url }: Page,
  user: { operator: string; role: ConsoleRole },
  headers: Readonly<Record<string, string>> = {},
) {
  const { form } = CASES[`${method} ${url}`] ?? {};
  const route = url.replace(/:(\w+)/g, (_, name: Parameter) => ours[name]);
  // What an action before has changed.
  await api.database`UPDATE webhook_endpoints SET status = 'ENABLED', status_reason = NULL`;
  await api.database`
    UPDATE webhook_deliveries SET status = 'DEAD', next_attempt_at = NULL WHERE event_id IS NOT NULL`;
  const send = await served.logIn(user);
  const [last] = await api.database`SELECT coalesce(max(id), 0)::text AS id FROM audit_log`;
  const answer = await send(method, route, form?.(), headers);
  await answer.arrayBuffer();
  const rows = await api.database`
    SELECT * FROM audit_log WHERE id > ${last?.['id'] as string}::text::bigint ORDER BY id`;
  return { status: answer.status, rows };
}

describe('the audit log', () => {
  it.each(VISITS)('has what $role did at $name', async ({ name, page, role }) => {
    const found = CASES[name];
    if (found === undefined) throw new Error(`no case for ${name}`);
    const { subject = [], itself } = found;
    const isServed = includesRole(role, page.role);
    const { status, rows } = await visit(page, { operator: `${role} ${name}`, role });
    expect(status).toBeOneOf(isServed ? [200, 303] : [403]);
    const { audit } = page;
    const action = typeof audit === 'string' ? audit : isServed ? itself : audit.refused;
    // What records itself does so as well when it is refused.
    expect(action === undefined).toBe(typeof audit === 'object' && itself === undefined);
    const row = {
      ...{ actorKind: 'operator', actor: `${role} ${name}`, source: '127.0.0.1', action },
      result: isServed ? 'OK' : 'FORBIDDEN',
      ...(isServed && Object.fromEntries(subject.map((field) => [field, ours[field]]))),
      ...(page.url.includes(':orderId') && { orderId: ours.orderId }),
      ...objectAt(page.url, isServed),
    };
    expect(rows).toMatchObject(action === undefined ? [] : [row]);
  });

  it.each(VISITS.filter(({ name, role, page }) => name.includes(':') && role === page.role))(
    'has what $role did not find at $name',
    async ({ name, page }) => {
      const operator = `lost ${name}`;
      const send = await served.logIn({ operator, role: 'admin' });
      const route = page.url.replaceAll(/:\w+/g, NOTHING);
      expect((await send(page.method, route, CASES[name]?.form?.())).status).toBe(404);
      const rows =
        await api.database`SELECT action, result FROM audit_log WHERE actor = ${operator}`;
      const { audit: action } = page;
      expect(rows).toEqual(typeof action === 'string' ? [{ action, result: 'NOT_FOUND' }] : []);
    },
  );

  it.each(['POST /orders/:orderId/shown', 'GET /orders/:orderId/documents/:documentId'])(
    'has what was shown at %s to a browser that says its page loads itself again',
    async (name) => {
      const page = VISITS.find((each) => each.name === name)?.page;
      if (page === undefined) throw new Error(`no page ${name}`);
      for (const role of ['operator', 'viewer'] as const) {
        const { rows } = await visit(page, { operator: 'eve', role }, { 'x-live': '1' });
        const result = role === 'operator' ? 'OK' : 'FORBIDDEN';
        expect(rows).toMatchObject([{ actor: 'eve', action: page.audit, result }]);
      }
    },
  );
});

it('has a page that loads itself again once, but never a page that only says so', async () => {
  const send = await served.logIn({ operator: 'liv', role: 'viewer' });
  const rows = async () =>
    (await api.database`SELECT FROM audit_log WHERE actor = 'liv' AND action = 'ORDER_READ'`)
      .length;
  const route = `/orders/${ours.orderId}`;
  await send('GET', route, {}, { 'x-live': '1' });
  expect(await rows()).toBe(1);
  await send('GET', route, {}, { 'x-live': '1' });
  expect(await rows()).toBe(1);
  await send('GET', route);
  expect(await rows()).toBe(2);
  await send('GET', `${route}?other`, {}, { 'x-live': '1' });
  expect(await rows()).toBe(3);
});

/** Values that no form of the console sends, for every field and parameter. */
const STRANGE = {
  ...{ NUL: '\0', 'a word': 'x', 'a long number': '9'.repeat(400), 'a percent sign': '%' },
  ...{ 'a year that only JavaScript has': '+275760-09-13T00:00', 'the year 0': '0000-01-01T00:00' },
};
const FIELDS = [
  ...['text', 'operator', 'order', 'case', 'since', 'until', 'before', 'after', 'status'],
  ...['organization', 'pharmacy', 'reason', 'delayed', 'unhealthy', 'from', 'pharmacyOrderId'],
  ...['token', 'webhookAuth', 'secret', 'username', 'key'],
];

it.each(Object.entries(STRANGE))(
  'refuses %s, in any field, without a failure',
  async (_, value) => {
    const send = await served.logIn({ operator: 'fuzz', role: 'admin' });
    const form = Object.fromEntries(FIELDS.map((field) => [field, value]));
    const failed: string[] = [];
    for (const { method, url } of CONSOLE_PAGES) {
      const query = method === 'GET' ? `?${new URLSearchParams(form).toString()}` : '';
      for (const route of [
        url.replace(/:(\w+)/g, (_, name: Parameter) => ours[name]),
        url.replaceAll(/:\w+/g, encodeURIComponent(value)),
      ]) {
        for (const action of url === '/repairs' ? ['retry', 'cancel', 'keep'] : ['x']) {
          const answer = await send(method, route + query, { ...form, action });
          await answer.arrayBuffer();
          const isPage = answer.headers.get('content-type')?.startsWith('text/html') ?? false;
          if (answer.status >= 500 || (answer.status >= 400 && !isPage)) {
            failed.push(`${answer.status} ${method} ${route}`);
          }
        }
      }
    }
    expect(failed).toEqual([]);
    expect(served.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  },
);
