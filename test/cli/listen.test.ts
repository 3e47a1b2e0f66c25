import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createRx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { testEnvironment } from '../support/environment.ts';
import { eventually } from '../support/eventually.ts';
import {
  createOrganization,
  ENCRYPTION_KEYS,
  HASH_SECRET,
  type TestOrganization,
} from '../support/organization.ts';
import { startReceiver, type TestReceiver } from '../support/receiver.ts';

let db: TestDatabase;
let organization: TestOrganization;
let receiver: TestReceiver;
let children: ChildProcess[] = [];
beforeAll(async () => {
  db = await createTestDatabase();
  organization = await createOrganization(db.database);
  receiver = await startReceiver();
});
afterEach(async () => {
  for (const child of children.filter(
    ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
  )) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  children = [];
});
afterAll(async () => {
  await receiver.close();
  await db.drop();
});

function listen(destinations: string) {
  const args = ['--import', 'tsx', 'src/cli.ts', 'listen', '--forward-to', receiver.url];
  const child = spawn(process.execPath, [...args, '--org', organization.organizationId], {
    env: testEnvironment({
      ...{
        DATABASE_URL: db.operatorUrl,
        WEBHOOK_DESTINATIONS: destinations,
        ENCRYPTION_KEYS,
        HASH_SECRET,
      },
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return { child, lines };
}

async function endpoints() {
  return await db.database<{ id: string; description: string }[]>`
    SELECT id, description FROM webhook_endpoints
    WHERE organization_id = ${organization.organizationId} AND deleted_at IS NULL`;
}

/** Sends a PING to the only endpoint, as a server would. */
async function ping() {
  const [endpoint] = await endpoints();
  const rx = createRx(db.operatorUrl);
  const args = ['webhook', 'test', endpoint?.id ?? '', '--org', organization.organizationId];
  return await rx([...args, '--json'], { env: { WEBHOOK_DESTINATIONS: 'loopback' } });
}

it('forwards webhooks unchanged, prints them, and deletes its endpoint at the end', async () => {
  const { child, lines } = listen('loopback');
  await eventually('it listens', async () => lines.some((line) => line.startsWith('listening')));

  const { json } = await ping();
  await eventually('the webhook is printed', async () =>
    lines.some((line) => line.includes('PING')),
  );

  expect(json.delivery).toMatchObject({ status: 'DELIVERED', attempts: [{ status: 204 }] });
  expect(lines.at(-1)).toMatch(/PING .*→ 204 in \d+ ms$/);
  const [forwarded] = receiver.received;
  expect(forwarded?.headers['webhook-signature']).toMatch(/^v1,/);
  expect(JSON.parse(forwarded?.body ?? '')).toMatchObject({ event: 'PING' });

  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  expect(await endpoints()).toEqual([]);
});

it('reports to the sender that the receiver failed or is unreachable', async () => {
  receiver.answer = { status: 500 };
  const { lines } = listen('loopback');
  await eventually('it listens', async () => lines.some((line) => line.startsWith('listening')));

  expect((await ping()).json.delivery.attempts).toMatchObject([{ status: 500 }]);
  await receiver.close();
  expect((await ping()).json.delivery.attempts).toMatchObject([{ status: 502 }]);
  expect(lines.at(-1)).toContain('unreachable');
});

it('deletes the endpoint of a listener that was killed', async () => {
  const killed = listen('loopback');
  await eventually('it listens', async () =>
    killed.lines.some((line) => line.startsWith('listening')),
  );
  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');
  expect(await endpoints()).not.toEqual([]);

  const { child, lines } = listen('loopback');
  await eventually('it listens', async () => lines.some((line) => line.startsWith('listening')));

  expect(await endpoints()).toMatchObject([{ description: `rx listen, process ${child.pid}` }]);
  expect(lines[0]).toMatch(/whsec_.{44}$/);
  expect(lines[0]).toBe(killed.lines[0]); // the same secret each time
});

it('is rejected when servers send no webhooks to this machine', async () => {
  const { child } = listen('public');
  let message = '';
  child.stderr?.on('data', (text) => (message += text));

  const [code] = await once(child, 'exit');
  expect(code).toBe(2);
  expect(message).toContain('listen is only for the sandbox');
});
