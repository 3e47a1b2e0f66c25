import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RouteDependencies } from '../../src/http/route.ts';
import { routes } from '../../src/http/routes.ts';
import { CASES, NOBODY_LISTENS, type Subject } from '../support/access-cases.ts';
import { type Door, exampleWithKey, openDoor } from '../support/door.ts';
import { createKey, createOrganization } from '../support/organization.ts';
import { storeDelivery } from '../support/stored-delivery.ts';
import { storeDocument } from '../support/stored-document.ts';

const TABLE = routes({} as RouteDependencies);
const RECORDED = Object.keys(CASES).filter((name) => {
  const route = TABLE.find(
    ({ method, url }) => name.split(' ', 2).join(' ') === `${method} ${url}`,
  );
  return route?.auth !== 'none' && typeof route?.audit !== 'object';
});

let door: Door;
let ours: Subject;
const keys: Record<string, { id: string; organizationId: string; key: string }> = {};

beforeAll(async () => {
  door = await openDoor();
  const { organizationId, caseId } = door.organization;
  const idempotencyKey = `key-${randomUUID()}`;
  const orderId = (await door.place(exampleWithKey(idempotencyKey))).json.data.order.id as string;
  await door.database`
    UPDATE orders SET status = 'AWAITING_COMPLETION', sent_at = now() WHERE id = ${orderId}`;
  const { id: documentId } = await storeDocument(door, orderId, { name: 'label.pdf' });
  const stored = await storeDelivery(door.database, organizationId, {
    url: NOBODY_LISTENS,
    orderId,
  });
  ours = { caseId, orderId, documentId, idempotencyKey, ...stored };
  const other = await createOrganization(door.database);
  const scopes = ['orders:write', 'orders:read', 'cases:write', 'webhooks:manage'];
  for (const [kind, owner] of [
    ['all', organizationId],
    ['foreign', other.organizationId],
  ] as const) {
    const before = await door.database<{ id: string }[]>`SELECT id FROM api_keys`;
    const key = await createKey(door.database, owner, { scopes });
    const after = await door.database<{ id: string }[]>`SELECT id FROM api_keys`;
    const made = after.find(({ id }) => !before.some((old) => old.id === id));
    keys[kind] = { id: made?.id ?? '', organizationId: owner, key };
  }
});
afterAll(() => door.close());

async function send(name: string, key: string): Promise<number> {
  const [method = '', url = ''] = name.split(' ');
  const { query, headers, body, before } = CASES[name] ?? {};
  await before?.(door.database);
  const path = url.replace(/:(\w+)/g, (_, field: keyof Subject) => ours[field]);
  const answer = await door.send(method, path + (query?.(ours) ?? ''), {
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
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
};

it.each(RECORDED.flatMap((name) => ['all', 'foreign'].map((kind) => ({ name, kind }))))(
  '$name with key “$kind” leaves one row: who, for whom, and what came of it',
  async ({ name, kind }) => {
    const [last] = await door.database`SELECT coalesce(max(id), 0)::text AS id FROM audit_log`;
    const key = keys[kind];
    const status = await send(name, key?.key ?? '');

    const rows = await door.database`
      SELECT * FROM audit_log WHERE id > ${last?.['id'] as string}::text::bigint`;
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

it('what cannot be recorded is not given; what was stored is told as stored', async () => {
  await door.database`ALTER TABLE audit_log RENAME TO audit_log_away`;
  try {
    expect(await send('GET /api/v1/orders', keys['all']?.key ?? '')).toBe(503);
    expect(await door.place(exampleWithKey('while-the-audit-log-is-away'))).toMatchObject({
      status: 200,
    });
    expect(door.app.log.lines.map(({ message }) => message)).toContain('not in the audit log');
  } finally {
    await door.database`ALTER TABLE audit_log_away RENAME TO audit_log`;
  }
});
