import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { verifyWebhook } from '../../packages/webhooks/src/index.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { createRx, type Rx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createOrganization, type TestOrganization } from '../support/organization.ts';
import { answering, startReceiver, type TestReceiver } from '../support/receiver.ts';
import { storeDelivery } from '../support/stored-delivery.ts';
import { exampleWithoutKey, sendTo } from '../support/test-api.ts';

/** For tests with many commands, each of which is a process. */
const LONG = { timeout: 90_000 };
const HEADER = 'Bearer value-of-the-header';

let db: TestDatabase;
let app: TestApp;
let rx: Rx;
let tenant: TestOrganization;
let receiver: TestReceiver;
let folder: string;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await startApp(db.asServer);
  const run = createRx(db.operatorUrl);
  rx = (args, options) =>
    run(args, { ...options, env: { WEBHOOK_DESTINATIONS: 'loopback', ...options?.env } });
  receiver = await startReceiver();
  folder = await mkdtemp(path.join(os.tmpdir(), 'rx-secrets-'));
});
beforeEach(async () => {
  tenant = await createOrganization(db.database);
  receiver.answer = answering(204);
  receiver.received.length = 0;
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await receiver.close();
  await app.close();
  await db.drop();
});

function webhook(...args: string[]) {
  return rx(['webhook', ...args, '--org', tenant.organizationId]);
}

async function create(...options: string[]) {
  const created = await webhook('create', '--url', receiver.url, ...options, '--json');
  expect(created.code, created.stderr).toBe(0);
  return created.json.endpoint;
}

async function place(): Promise<string> {
  const answer = await sendTo(app.url, 'POST', `/api/v1/cases/${tenant.caseId}`, {
    headers: { 'cv-api-key': tenant.apiKey, 'content-type': 'application/json' },
    body: exampleWithoutKey(),
  });
  return answer.json.data.order.id;
}

it('creates an endpoint, shows its secret once, and never the header’s value', LONG, async () => {
  const file = path.join(folder, 'header');
  await writeFile(file, `${HEADER}\n`);
  const created = await webhook(
    ...['create', '--url', receiver.url, '--events', 'order_created,ADD_CASE_ATTACHMENT'],
    ...['--description', 'Order desk', '--document-format', 'base64', '--payload-mode', 'full'],
    ...['--header-name', 'Authorization', '--header-value-file', file],
  );
  expect(created.code, created.stderr).toBe(0);
  const [secret = ''] = created.stdout.split('\n');
  expect(secret).toMatch(/^whsec_/);
  expect(created.stdout).toMatch(/^events +ORDER_CREATED ADD_CASE_ATTACHMENT$/m);
  expect(created.stdout).toMatch(/^header +Authorization$/m);
  const id = /^id +(\S+)$/m.exec(created.stdout)?.[1] ?? '';

  const tested = await webhook('test', id, '--json');
  expect(tested).toMatchObject({ code: 0, json: { delivery: { status: 'DELIVERED' } } });
  const [sent] = receiver.received;
  expect(sent?.headers.authorization).toBe(HEADER);
  expect(verifyWebhook(sent?.raw ?? '', sent?.headers ?? {}, secret)).toMatchObject({
    event: 'PING',
  });

  const shown = await Promise.all([
    webhook('list'),
    webhook('list', '--json'),
    webhook('show', id),
    webhook('show', id, '--json'),
    webhook('log', '--json'),
  ]);
  for (const { code, stdout, stderr } of [...shown, tested]) {
    expect(code).toBe(0);
    expect(stdout).toContain(id);
    for (const hidden of [secret, HEADER]) expect(stdout + stderr).not.toContain(hidden);
  }
  expect(created.stdout + created.stderr).not.toContain(HEADER);
});

it('changes, disables, enables and deletes an endpoint', LONG, async () => {
  const { id } = await create('--events', 'ORDER_CREATED');
  const withHeader = await rx(
    [
      ...['webhook', 'update', id, '--org', tenant.organizationId, '--events', 'all', '--json'],
      ...['--header-name', 'X-Token', '--header-value-file', '-'],
    ],
    { stdin: HEADER },
  );
  expect(withHeader.json.endpoint).toMatchObject({ events: null, authHeader: { name: 'X-Token' } });
  const without = await webhook('update', id, '--remove-header', '--json');
  expect(without.json.endpoint).not.toHaveProperty('authHeader');

  const disabled = await webhook('disable', id, '--json');
  expect(disabled.json.endpoint).toMatchObject({ status: 'DISABLED', statusReason: 'BY_HAND' });
  const enabled = await webhook('enable', id);
  expect(enabled.stdout).toMatch(/^status +ENABLED$/m);

  expect(await webhook('delete', id, '--json')).toMatchObject({
    code: 0,
    json: { endpoint: { id } },
  });
  expect(await webhook('show', id)).toMatchObject({ code: 3, stdout: '' });
  expect((await webhook('list')).stdout).toBe('none\n');
});

it('rotates a secret, and signs with both for a time', async () => {
  const { id, secret } = await create();
  const rotated = await webhook('rotate', id, '--json');
  expect(rotated.json.endpoint.previousSecretUntil).toEqual(expect.any(String));
  await webhook('test', id);
  const [sent] = receiver.received;
  for (const each of [secret, rotated.json.endpoint.secret]) {
    expect(verifyWebhook(sent?.raw ?? '', sent?.headers ?? {}, each)).toBeDefined();
  }
});

it('exits with 1 when a PING fails, and reports why', async () => {
  const { id } = await create();
  receiver.answer = answering(503);
  const failed = await webhook('test', id);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toMatch(/^status +DEAD$/m);
  expect(failed.stdout).toMatch(/^last +503$/m);
  expect(failed.stdout).toMatch(/^answer +an answer$/m);
});

it('lists deliveries, and replays one', LONG, async () => {
  const orderId = await place();
  const { endpointId, deliveryId } = await storeDelivery(db.database, tenant.organizationId, {
    url: receiver.url,
    orderId,
  });
  await webhook('test', endpointId);
  const listed = await webhook('log', '--endpoint', endpointId, '--status', 'DEAD');
  expect(listed.stdout).toContain(deliveryId);
  const log = await webhook('log', '--order', orderId, '--json');
  expect(log.json.deliveries).toMatchObject([{ id: deliveryId, attempts: [{ status: 503 }] }]);

  const shown = await rx(['webhook', 'body', deliveryId, '--json']);
  expect(shown.json, shown.stderr).toMatchObject({ body: { order: { id: orderId } } });
  const [recorded] = await db.database`
    SELECT order_id FROM audit_log WHERE action = 'DELIVERY_BODY_READ'`;
  expect(recorded).toEqual({ orderId });

  const { organizationId } = tenant;
  await rx(['org', 'update', organizationId, '--access-reasons', 'on']);
  expect(await rx(['webhook', 'body', deliveryId])).toMatchObject({ code: 4, stdout: '' });
  await rx(['org', 'update', organizationId, '--access-reasons', 'off']);

  const one = await rx(['webhook', 'replay', deliveryId, '--json']);
  expect(one).toMatchObject({ code: 0, json: { delivery: { status: 'PENDING' } } });
});

it(
  'replays the dead letters of an endpoint, and with --all the others since a time, but no PING',
  LONG,
  async () => {
    const { endpointId, deliveryId } = await storeDelivery(db.database, tenant.organizationId, {
      url: receiver.url,
      orderId: await place(),
    });
    await webhook('test', endpointId);
    const replay = async (...args: string[]) => {
      const result = await rx(['webhook', 'replay', '--endpoint', endpointId, ...args, '--json']);
      expect(result.code, result.stderr).toBe(0);
      return result.json.replayed;
    };
    // It is dead; then it is due.
    expect(await replay('--since', '1h')).toBe(1);
    expect(await replay('--since', '1h')).toBe(0);
    expect(await replay('--since', '1h', '--all')).toBe(1);
    await db.database`
    UPDATE webhook_deliveries SET status = 'DEAD', created_at = now() - interval '2 hours'
    WHERE id = ${deliveryId}`;
    expect(await replay('--since', '1h')).toBe(0);
    expect(await replay()).toBe(1);

    await webhook('disable', endpointId);
    const refused = await webhook('replay', '--endpoint', endpointId);
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toContain('the endpoint is DISABLED');
  },
);

it.each([
  ['no URL', ['create'], '--url'],
  [
    'a URL with a private address',
    ['create', '--url', 'https://10.0.0.1/'],
    'url is refused (address)',
  ],
  ['an unknown event', ['create', '--url', 'http://localhost:8080', '--events', 'X'], '--events'],
  [
    'a header without its value',
    ['create', '--url', 'http://localhost:8080', '--header-name', 'X-Token'],
    '--header-name needs --header-value-file',
  ],
  [
    'a header that the server sets',
    [
      ...['create', '--url', 'http://localhost:8080', '--header-name', 'Host'],
      ...['--header-value-env', 'TOKEN'],
    ],
    'name must not be a header that we set',
  ],
  ['nothing to replay', ['replay'], 'pass either the id of a delivery'],
  [
    'all of an endpoint',
    ['replay', '--endpoint', randomUUID(), '--all'],
    '--all only with --since',
  ],
  ['an id and an endpoint', ['replay', randomUUID(), '--endpoint', 'x'], 'pass either the id'],
  [
    'a future time',
    ['replay', '--endpoint', 'x', '--since', '2999-01-01'],
    'must not be in the future',
  ],
  ['an unknown status', ['log', '--status', 'SENT'], '--status'],
])('rejects %s', async (_, args, message) => {
  const result = await rx(['webhook', ...args, '--org', tenant.organizationId], {
    env: { TOKEN: 'secret-token' },
  });
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).toContain(message);
  expect(result.stderr).not.toContain('secret-token');
});

it('allows only public addresses by default', async () => {
  const args = ['webhook', 'create', '--org', tenant.organizationId, '--url', receiver.url];
  const result = await rx(args, { env: { WEBHOOK_DESTINATIONS: '' } });
  expect(result.code).toBe(2);
  expect(result.stderr).toContain('url is refused (scheme)');
});

it('finds no endpoint of another organization, and no unknown organization', LONG, async () => {
  const { id } = await create();
  const other = await createOrganization(db.database);
  const names = ['show', 'test', 'rotate', 'enable', 'disable', 'update', 'delete'];
  const results = await Promise.all(
    names.map((name) => rx(['webhook', name, id, '--org', other.organizationId])),
  );
  for (const result of results) {
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain('there is no endpoint with this id in this organization');
  }
  expect(await rx(['webhook', 'list', '--org', randomUUID()])).toMatchObject({ code: 3 });
  expect(await webhook('replay', randomUUID())).toMatchObject({ code: 3 });
  expect(await rx(['webhook', 'replay', randomUUID()])).toMatchObject({ code: 3 });
  expect(await rx(['webhook', 'replay', '--endpoint', randomUUID()])).toMatchObject({ code: 3 });
});
