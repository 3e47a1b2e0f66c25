import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Environment } from '../../src/process/config.ts';
import { createRx } from '../support/cli.ts';
import { recordedIn, recordingTo } from '../support/connections.ts';
import { eventually } from '../support/eventually.ts';
import { examplePlaceOrder } from '../support/example.ts';
import { type KmsServer, startLocalKms } from '../support/local-kms.ts';
import {
  type ServerProcess,
  startServer,
  startWorkerProcess,
  type TestProcess,
} from '../support/server-process.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

// A deployment that used only ENCRYPTION_KEYS at first and then moved to a KMS: server, worker and `rx` as
// in production. The stack's own server and worker have no KMS.

const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';
/** The data keys of the sandbox's two organizations and of the deployment. */
const DATA_KEYS = 3;
const ROTATE = ['keys', 'rotate', '--master'];

let kms: KmsServer;
let client: KMSClient;
let proxy: TcpProxy;
let key: string;
/** The environment that makes a program use the KMS. */
let withKms: Environment;
let test: TestStack;
let orderOfBefore: string;
let folder: string;
const started: TestProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rx-kms-'));
  kms = await startLocalKms();
  const { url: endpoint, region, credentials } = kms;
  client = new KMSClient({ endpoint, region, credentials });
  key = (await client.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? '';
  proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(endpoint).port) });
  withKms = {
    KMS_KEY_ID: key,
    KMS_ENDPOINT: `http://127.0.0.1:${proxy.port}`,
    KMS_ACCESS_KEY_ID: credentials.accessKeyId,
    KMS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  test = await startTestStack();
  orderOfBefore = await test.place('pharmacy-manual');
  const moved = await rx(withKms, ...ROTATE);
  expect(moved.code, moved.stderr).toBe(0);
  expect(moved.json.rotation.rewrapped).toBe(DATA_KEYS);
});
afterAll(async () => {
  for (const each of started) await each.kill();
  await test?.close();
  await proxy?.close();
  client?.destroy();
  await kms?.close();
  await rm(folder, { recursive: true, force: true });
});

async function rx(settings: Environment, ...args: string[]) {
  const { databaseUrl, temporalAddress: TEMPORAL_ADDRESS, env } = test.stack;
  const { HASH_SECRET, ENCRYPTION_KEYS } = env;
  return await createRx(databaseUrl)([...args, '--json'], {
    env: { HASH_SECRET, ENCRYPTION_KEYS, TEMPORAL_ADDRESS, ...settings },
  });
}

async function serverWith(settings: Environment): Promise<ServerProcess> {
  const server = await startServer(test.stack, settings);
  started.push(server);
  return server;
}

async function call(url: string, body?: object) {
  const response = await fetch(url, {
    headers: { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { data?: { order: { id: string; status: string } } };
  return { status: response.status, order: answer.data?.order, headers: response.headers };
}

/** Repeats a request that gets a 503, as a client would: on a busy machine, the KMS may be slow too. */
async function served(url: string, body?: object) {
  return await eventually('the request is served', async () => {
    const answer = await call(url, body);
    return answer.status === 503 ? undefined : answer;
  });
}

function newOrder(pharmacyId: string) {
  const request = examplePlaceOrder();
  return { ...request, idempotencyKey: randomUUID(), order: { ...request.order, pharmacyId } };
}

it('accepts and reads orders, and connects only to Postgres and the KMS', async () => {
  const record = path.join(folder, 'record');
  const server = await serverWith({ ...withKms, ...recordingTo(record) });
  expect((await served(`${server.url}${CASE}/orders/${orderOfBefore}`)).status).toBe(200);
  const { status, order } = await served(server.url + CASE, newOrder('pharmacy-manual'));
  expect(status).toBe(200);
  expect((await served(`${server.url}${CASE}/orders/${order?.id}`)).status).toBe(200);

  const recorded = recordedIn(record).filter(({ kind }) => kind !== 'pipe');
  const places = [...new Set(recorded.map(({ to }) => to))];
  const hostOf = (url: string | undefined) => new URL(url ?? '').host;
  expect(places.sort()).toEqual(
    [hostOf(test.stack.databaseUrl), hostOf(withKms.KMS_ENDPOINT)].sort(),
  );
});

it('shows which master key wraps each data key, and what is missing without the KMS', async () => {
  const known = await rx(withKms, 'keys', 'status');
  expect(known.json.masterKeys[0]).toBe(key);
  expect(known.json.missing).toEqual([]);
  const { dataKeys } = known.json as { dataKeys: { masterKeyId: string }[] };
  expect(dataKeys.map(({ masterKeyId }) => masterKeyId)).toEqual(Array(DATA_KEYS).fill(key));
  expect((await rx({}, 'keys', 'status')).json.missing).toEqual([key]);
  const rotated = await rx({}, ...ROTATE);
  expect(rotated.code).toBe(1);
  expect(rotated.stderr).toContain(
    `encryption key ${key} is unavailable: add it to KMS_OLD_KEY_IDS`,
  );
});

it('wraps the first data key of a new organization with the KMS', async () => {
  const created = await rx(withKms, 'org', 'create', 'Example Clinic');
  const { id } = (created.json as { organization: { id: string } }).organization;
  const file = path.join(folder, 'cases.ndjson');
  const patient = { firstName: 'Jane', lastName: 'Sample' };
  await writeFile(file, JSON.stringify({ id: randomUUID(), patient }));
  const imported = await rx(withKms, 'case', 'import', file, '--org', id);
  expect(imported.code, imported.stderr).toBe(0);
  const { dataKeys } = (await rx(withKms, 'keys', 'status')).json as { dataKeys: object[] };
  expect(dataKeys).toContainEqual(
    expect.objectContaining({ organizationId: id, masterKeyId: key }),
  );
});

it('answers 503 while the KMS is unreachable and a key is not cached, and stores nothing', async () => {
  const warm = await serverWith(withKms);
  expect((await served(`${warm.url}${CASE}/orders/${orderOfBefore}`)).status).toBe(200);
  await proxy.refuse();
  const cold = await serverWith(withKms);
  const request = newOrder('pharmacy-manual');
  const refused = await call(cold.url + CASE, request);
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await call(`${cold.url}${CASE}/orders/${orderOfBefore}`)).status).toBe(503);
  const status = await rx(withKms, 'keys', 'status');
  expect(status.code).toBe(1);
  expect(status.stderr).toContain('the key service failed: ECONNREFUSED');
  // Requests whose key is cached still work.
  expect((await call(warm.url + CASE, newOrder('pharmacy-manual'))).status).toBe(200);

  await proxy.restore();
  // A 409 would mean that the order was stored after all.
  expect((await served(cold.url + CASE, request)).status).toBe(200);
  expect((await served(`${cold.url}${CASE}/orders/${orderOfBefore}`)).status).toBe(200);
});

it('completes an order that a worker started while the KMS was unreachable', async () => {
  const server = await serverWith(withKms);
  expect((await served(`${server.url}${CASE}/orders/${orderOfBefore}`)).status).toBe(200);
  const status = async (orderId: string) =>
    (await served(`${server.url}${CASE}/orders/${orderId}`)).order?.status;
  // The stack's own worker has cached keys, so it must not run this order.
  test.stack.kill('worker', 'SIGSTOP');
  await proxy.refuse();
  const worker = await startWorkerProcess(test.stack, {
    ...withKms,
    TEMPORAL_TASK_QUEUE: 'orders-with-kms',
  });
  try {
    const { order } = await served(server.url + CASE, newOrder('pharmacy-123'));
    const orderId = order?.id ?? '';
    await eventually('the worker has taken the order up', async () => {
      const { json } = await rx(withKms, 'order', 'history', orderId);
      const events = (json as { history: { event: string }[] } | undefined)?.history;
      return events?.find(({ event }) => event === 'workflowTaskStarted');
    });
    expect(await status(orderId)).toBe('ACCEPTED');
    await proxy.restore();
    const completed = async () => (await status(orderId)) === 'COMPLETED';
    await eventually('the order is completed', completed, 60_000);
  } finally {
    await proxy.restore();
    await worker.kill();
    test.stack.kill('worker', 'SIGCONT');
  }
});

it('reports a disabled key, and works when the key is enabled again', async () => {
  await client.send(new DisableKeyCommand({ KeyId: key }));
  const cold = await serverWith(withKms);
  expect((await served(`${cold.url}${CASE}/orders/${orderOfBefore}`)).status).toBe(500);
  const status = await rx(withKms, 'keys', 'status');
  expect(status.json.missing).toEqual([key]);
  const rotated = await rx({ ...withKms, KMS_KEY_ID: '', KMS_OLD_KEY_IDS: key }, ...ROTATE);
  expect(rotated.code).toBe(1);
  expect(rotated.stderr).toContain(
    `encryption key ${key} is unavailable: AWS KMS says DisabledException`,
  );
  await client.send(new EnableKeyCommand({ KeyId: key }));
  expect((await served(`${cold.url}${CASE}/orders/${orderOfBefore}`)).status).toBe(200);
});

it('moves back to the key ring, which then needs no KMS', async () => {
  const back = await rx({ ...withKms, KMS_KEY_ID: '', KMS_OLD_KEY_IDS: key }, ...ROTATE);
  expect(back.code, back.stderr).toBe(0);
  expect(back.json.rotation.rewrapped).toBeGreaterThanOrEqual(DATA_KEYS);
  const server = await serverWith({});
  expect((await served(`${server.url}${CASE}/orders/${orderOfBefore}`)).status).toBe(200);
  expect((await rx({}, 'keys', 'status')).json.missing).toEqual([]);
});
