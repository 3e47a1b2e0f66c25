import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { createRx, type Rx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { exampleText } from '../support/example.ts';
import { createOrganization, type TestOrganization } from '../support/organization.ts';

let db: TestDatabase;
let app: TestApp;
let rx: Rx;
let tenant: TestOrganization;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await startApp(db.asServer);
  rx = createRx(db.operatorUrl);
  tenant = await createOrganization(db.database);
});

afterAll(async () => {
  await app.close();
  await db.drop();
});

/** Returns the status of a request with this key; 404 means authorized, but the order does not exist. */
async function statusWith(apiKey: string, method: 'GET' | 'POST' = 'GET'): Promise<number> {
  const path = `/api/v1/cases/${tenant.caseId}`;
  const url = app.url + (method === 'POST' ? path : `${path}/orders/${randomUUID()}`);
  const body = exampleText().replace(
    /"idempotencyKey": *"[^"]*"/,
    `"idempotencyKey":"${randomUUID()}"`,
  );
  const response = await fetch(url, {
    method,
    headers: { 'cv-api-key': apiKey, 'content-type': 'application/json' },
    ...(method === 'POST' ? { body } : {}),
  });
  return response.status;
}

async function createKey(...options: string[]) {
  const args = ['key', 'create', '--org', tenant.organizationId, '--name', 'backend', ...options];
  const result = await rx([...args, '--json']);
  expect(result.code, result.stderr).toBe(0);
  return result.json;
}

it('creates a key with the default lifetime of the deployment, unless --expires says otherwise', async () => {
  const create = async (env: Record<string, string>, ...options: string[]) => {
    const args = ['key', 'create', '--org', tenant.organizationId, '--name', 'd'];
    const all = [...args, '--scopes', 'orders:read', ...options, '--json'];
    const result = await rx(all, { env });
    expect(result.code, result.stderr).toBe(0);
    const { createdAt, expiresAt } = result.json.key;
    return expiresAt === null
      ? null
      : Math.round((Date.parse(expiresAt) - Date.parse(createdAt)) / 86_400_000);
  };
  const env = { API_KEY_LIFETIME_DAYS: '90' };
  expect(await create(env)).toBe(90);
  expect(await create(env, '--expires', 'never')).toBe(null);
});

it('creates a key that works immediately, and only for its scopes', async () => {
  const all = await createKey('--scopes', 'orders:write,orders:read');
  expect(all.apiKey).toMatch(/^rxk_[\w-]{43}$/);
  expect(await statusWith(all.apiKey, 'POST')).toBe(200);

  const reads = await createKey('--scopes', 'orders:read', '--expires', '1h', '--rate-limit', '7');
  expect(reads.key).toMatchObject({
    organizationId: tenant.organizationId,
    name: 'backend',
    scopes: ['orders:read'],
    rateLimitPerSecond: 7,
    revokedAt: null,
    replacesKeyId: null,
    state: 'active',
  });
  expect(Date.parse(reads.key.expiresAt) - Date.parse(reads.key.createdAt)).toBeGreaterThan(
    3_500_000,
  );
  expect(await statusWith(reads.apiKey, 'POST')).toBe(403);
  expect(await statusWith(reads.apiKey)).toBe(404);
});

it('shows a key only once: no list and no row of the database contains it', async () => {
  const args = ['key', 'create', '--org', tenant.organizationId, '--name', 'shown once'];
  const created = await rx([
    ...args,
    '--scopes',
    'cases:write,webhooks:manage',
    '--expires',
    'never',
  ]);
  const [apiKey] = created.stdout.split('\n');
  expect(apiKey).toMatch(/^rxk_/);
  expect(await statusWith(apiKey!)).toBe(403);
  const listed = await rx(['key', 'list', '--org', tenant.organizationId]);
  expect(listed.stdout).toContain('shown once');
  expect(listed.stdout).not.toContain('rxk_');
  const json = await rx(['key', 'list', '--org', tenant.organizationId, '--json']);
  expect(json.json.keys.at(-1)).toMatchObject({ name: 'shown once', state: 'active' });
  expect(json.stdout).not.toMatch(/rxk_|hash/i);
  const rows = await db.database`SELECT api_keys::text AS text FROM api_keys`;
  expect(JSON.stringify(rows)).not.toContain(apiKey);
});

it('rotates with an overlap: both keys work, then only the new one', async () => {
  const first = await createKey('--scopes', 'orders:read', '--expires', '30d', '--rate-limit', '9');
  const rotated = await rx(['key', 'rotate', first.key.id, '--overlap', '8s', '--json']);
  expect(rotated.code).toBe(0);
  const { key, apiKey, replaced } = rotated.json;
  expect(await statusWith(first.apiKey)).toBe(404);
  expect(await statusWith(apiKey)).toBe(404);
  expect(key).toMatchObject({
    name: 'backend',
    scopes: ['orders:read'],
    rateLimitPerSecond: 9,
    replacesKeyId: first.key.id,
  });
  // The new key has the lifetime of the old key.
  const life = (each: { expiresAt: string; createdAt: string }) =>
    Date.parse(each.expiresAt) - Date.parse(each.createdAt);
  expect(Math.abs(life(key) - life(first.key))).toBeLessThan(1_000);
  expect(replaced.id).toBe(first.key.id);

  await eventually('the old key expires', async () =>
    (await statusWith(first.apiKey)) === 401 ? true : undefined,
  );
  expect(Date.now()).toBeGreaterThan(Date.parse(replaced.expiresAt) - 1_000);
  expect(await statusWith(apiKey)).toBe(404);

  const again = await rx(['key', 'rotate', first.key.id]);
  expect(again).toMatchObject({ code: 4, stdout: '' });
});

it('never extends the lifetime of the replaced key', async () => {
  const first = await createKey('--scopes', 'orders:read', '--expires', '1h');
  const rotated = await rx([
    ...['key', 'rotate', first.key.id, '--overlap', '7d', '--expires', 'never', '--json'],
  ]);
  expect(rotated.code, rotated.stderr).toBe(0);
  expect(rotated.json.replaced.expiresAt).toBe(first.key.expiresAt);
  expect(rotated.json.key.expiresAt).toBeNull();
});

it('revokes a key immediately, and can be repeated', async () => {
  const { key, apiKey } = await createKey('--scopes', 'orders:read');
  expect(await statusWith(apiKey)).toBe(404);
  const revoked = await rx(['key', 'revoke', key.id, '--json']);
  expect(revoked.json.key.state).toBe('revoked');
  expect(await statusWith(apiKey)).toBe(401);
  const again = await rx(['key', 'revoke', key.id, '--json']);
  expect(again).toMatchObject({ code: 0, json: revoked.json });
});

it('rejects invalid options of a key', async () => {
  const args = ['key', 'create', '--org', tenant.organizationId, '--name', 'x'];
  const results = await Promise.all([
    rx([...args]),
    rx([...args, '--scopes', 'orders:write,everything']),
    rx([...args, '--scopes', 'orders:read', '--expires', '2020-01-01']),
    rx([...args, '--scopes', 'orders:read', '--expires', '2027-02-30']),
    rx([...args, '--scopes', 'orders:read', '--rate-limit', '0']),
    rx([...args, '--scopes', 'orders:read'], { env: { HASH_SECRET: '' } }),
    rx([...args, '--scopes', 'orders:read'], { env: { HASH_SECRET: 'short' } }),
  ]);
  expect(results.map(({ code, stdout }) => [code, stdout])).toEqual(results.map(() => [2, '']));
  expect(
    results.map(({ stderr }) => /--scopes|--expires|--rate-limit|HASH_SECRET/.exec(stderr)?.[0]),
  ).toEqual([
    '--scopes',
    '--scopes',
    '--expires',
    '--expires',
    '--rate-limit',
    'HASH_SECRET',
    'HASH_SECRET',
  ]);
  const unknown = await rx([
    'key',
    'create',
    '--org',
    randomUUID(),
    '--name',
    'x',
    '--scopes',
    'orders:read',
  ]);
  expect(unknown.code).toBe(3);
});
