import { type ChildProcess, fork } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import fastify from 'fastify';
import { PDFDocument } from 'pdf-lib';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

type Offered = Record<'name' | 'sha256' | 'url', string> & { size: number };
type Order = Record<'id' | 'reference' | 'status' | 'trackingId' | 'reason', string>;
type Pharmacy = Record<'id' | 'baseUrl' | 'token' | 'webhookSecret', string>;
type Entry = Order & Record<'createdAt' | 'updatedAt', string>;
type Known = { pharmacies: Pharmacy[]; orders: Entry[] };
type Received = { headers: Record<string, string>; body: { type: string; data: Order } };

const PATIENCE = { timeout: 15_000, interval: 50 };
/** The received webhooks, in their order. The first one of a reference in `refused` gets a 500. */
const received: Received[] = [];
const refused = new Set<string>();
const receiver = fastify({ forceCloseConnections: true });
receiver.post('/:pharmacyId', async (request, reply) => {
  const webhook = { headers: request.headers, body: request.body } as Received;
  received.push(webhook);
  return reply.code(refused.delete(webhook.body.data.reference) ? 500 : 202).send();
});
await receiver.listen({ port: 0, host: '127.0.0.1' });

const dataDir = await mkdtemp(path.join(tmpdir(), 'simulator-'));
let simulator: ChildProcess;
let base: string;
let pharmacies: Map<string, Pharmacy>;

function launch(port: string): ChildProcess {
  const webhookUrl = { SIMULATOR_WEBHOOK_URL: receiver.listeningOrigin };
  const env = { ...process.env, SIMULATOR_PORT: port, SIMULATOR_DATA_DIR: dataDir, ...webhookUrl };
  return fork('simulator/main.ts', { execArgv: ['--import', 'tsx'], silent: true, env });
}

async function start(): Promise<void> {
  simulator = launch('0');
  const lines = createInterface({ input: simulator.stderr! });
  const [[ready], [line]] = await Promise.all([once(simulator, 'message'), once(lines, 'line')]);
  expect(ready).toBe('ready');
  base = JSON.parse(line).address;
  pharmacies = new Map((await control('GET', 'pharmacies')).body.pharmacies.map((p) => [p.id, p]));
}

async function stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  simulator.kill(signal);
  return (await once(simulator, 'exit'))[0];
}

async function send<T>(url: string, method: string, body?: unknown, headers = {}) {
  const json = { 'content-type': 'application/json', ...headers };
  const response = await fetch(url, { method, headers: json, body: JSON.stringify(body) ?? null });
  return { status: response.status, headers: response.headers, body: (await response.json()) as T };
}

const control = (method: string, route: string, body?: unknown) =>
  send<Known>(`${base}/control/${route}`, method, body);

function call(pharmacyId: string, route: string, method = 'GET', body?: unknown) {
  const { baseUrl, token } = pharmacies.get(pharmacyId)!;
  const bearer = { authorization: `Bearer ${token}` };
  return send<Order & { documents: Offered[] }>(`${baseUrl}/${route}`, method, body, bearer);
}

async function place(pharmacyId: string, reference: string = randomUUID()) {
  const item = { drugId: 'drug-456 \u{1F48A} 薬', direction: 'daily '.repeat(99), quantity: '30' };
  const prescriber = { firstName: 'John', lastName: 'Smith', npi: '1234567890' };
  const prescription = { diagnosis: 'Test', prescriber, prescriptionItems: [item, item, item] };
  const order = { reference, prescription, shippingAddress: { city: 'Łódź' } };
  return { reference, ...(await call(pharmacyId, 'orders', 'POST', order)) };
}

const look = async (pharmacyId: string, reference: string) =>
  (await call(pharmacyId, `orders?reference=${reference}`)).body;
const ended = (pharmacyId: string, reference: string, status = 'completed') =>
  vi.waitUntil(async () => {
    const order = await look(pharmacyId, reference);
    return order.status === status && order;
  }, PATIENCE);
const webhooks = (reference: string) =>
  received.filter(({ body }) => body.data.reference === reference);
const told = (reference: string, count = 1) =>
  vi.waitUntil(() => webhooks(reference).length >= count && webhooks(reference), PATIENCE);
const advance = async (reference: string, to: string) =>
  (await control('POST', `orders/${reference}/advance`, { to, trackingId: 'track-1' })).status;
const configure = async (pharmacyId: string, patch: object) =>
  (await control('POST', `pharmacies/${pharmacyId}`, patch)).status;
const entries = async (reference: string) =>
  (await control('GET', 'ledger')).body.orders.filter((each) => each.reference === reference);

async function download(pharmacyId: string, { url, size, sha256 }: Offered) {
  const { token } = pharmacies.get(pharmacyId)!;
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const bytes = Buffer.from(await response.arrayBuffer());
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { bytes, good: bytes.length === size && hash === sha256 };
}

beforeAll(start, 15_000);
afterAll(async () => {
  simulator.kill('SIGKILL');
  await receiver.close();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

describe.concurrent('a sandbox pharmacy', { timeout: 20_000 }, () => {
  it('makes two readable documents, and retries its signed webhook until it arrives', async () => {
    const reference = randomUUID();
    refused.add(reference);
    const { status, body } = await place('pharmacy-123', reference);
    const data = { id: body.id, reference, status: 'completed' };
    expect({ status, body }).toEqual({ status: 201, body: { ...data, status: 'accepted' } });
    const [first, second] = await told(reference, 2);
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    const webhook = new Webhook(pharmacies.get('pharmacy-123')!.webhookSecret);
    const message = webhook.verify(JSON.stringify(second!.body), second!.headers);
    expect(message).toEqual({ type: 'order.completed', data });
    const { documents } = (await call('pharmacy-123', `orders/${body.id}`)).body;
    expect(documents).toHaveLength(2);
    for (const document of documents) {
      const { bytes, good } = await download('pharmacy-123', document);
      expect(good).toBe(true);
      expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
      const pdf = await PDFDocument.load(bytes, { updateMetadata: false });
      expect(pdf.getTitle()).toContain('SANDBOX - NOT A REAL PRESCRIPTION');
    }
  });

  it('creates one order for many equal requests and counts them', async () => {
    const reference = randomUUID();
    const ten = Array.from({ length: 10 }, () => place('pharmacy-manual', reference));
    const answers = await Promise.all(ten);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await entries(reference)).toMatchObject([{ asked: 10, status: 'accepted' }]);
  });

  it.each([
    ['pharmacy-slow', 'completed', 9_990, ['order.completed']],
    ['pharmacy-silent', 'completed', 0, []],
    ['pharmacy-rejects', 'rejected', 0, ['order.rejected']],
    ['pharmacy-tracking', 'completed', 0, ['order.tracking_added', 'order.completed']],
  ])('brings an order of %s to %s', async (pharmacyId, status, leastMs, types) => {
    const { reference } = await place(pharmacyId);
    const order = await ended(pharmacyId, reference, status);
    expect(order.reason !== undefined).toBe(status === 'rejected');
    const [entry] = await entries(reference);
    const tookMs = Date.parse(entry!.updatedAt) - Date.parse(entry!.createdAt);
    expect(tookMs).toBeGreaterThanOrEqual(leastMs);
    // A later webhook of another order has arrived, so a surplus webhook of this order would have too.
    await told((await place('pharmacy-early')).reference);
    const copies = (await told(reference, types.length)).map(({ body }) => body);
    expect(copies.map(({ type }) => type)).toEqual(types);
    expect(order.trackingId).toBe(copies[0]?.data.trackingId);
  });

  it('keeps no order that it refused or could not parse', async () => {
    const { status, body, reference } = await place('pharmacy-refuses');
    expect({ status, body }).toMatchObject({ status: 422, body: { code: 'DRUG_NOT_STOCKED' } });
    expect((await call('pharmacy-123', 'orders', 'POST', {})).status).toBe(400);
    const { baseUrl } = pharmacies.get('pharmacy-123')!;
    const wrong = { authorization: 'Bearer wrong' };
    expect((await send(`${baseUrl}/orders`, 'POST', { reference }, wrong)).status).toBe(401);
    expect(await entries(reference)).toEqual([]);
  });

  it('fails in every way at pharmacy-flaky, and lets a client succeed that retries', async () => {
    await configure('pharmacy-flaky', { hangMs: 50 });
    const seen = new Set<number>();
    // The faults are random: a few orders need not meet all of them.
    for (let n = 0; n < 15 || (seen.size < 5 && n < 200); n += 1) {
      const reference = randomUUID();
      let asked = 0;
      for (let status = 0; status !== 201 && status !== 409; asked += 1) {
        const answer = await place('pharmacy-flaky', reference).catch(() => undefined);
        status = answer?.status ?? 0;
        if (status === 429) expect(answer!.headers.get('retry-after')).toBe('1');
        seen.add(status);
      }
      expect(asked).toBeLessThanOrEqual(5);
      expect(await entries(reference)).toMatchObject([{ asked }]);
    }
    // 0: the simulator dropped the connection. 409: a call created the order and then failed.
    expect([...seen].sort()).toEqual([0, 201, 409, 429, 503]);
  });

  it('creates the order and drops the first answer at pharmacy-lost-reply', async () => {
    const reference = randomUUID();
    await expect(place('pharmacy-lost-reply', reference)).rejects.toThrow();
    expect((await place('pharmacy-lost-reply', reference)).status).toBe(409);
    expect(await entries(reference)).toMatchObject([{ asked: 2 }]);
  });

  it('sends the webhook before the answer at pharmacy-early', async () => {
    const { reference } = await place('pharmacy-early');
    expect(webhooks(reference)).toMatchObject([{ body: { type: 'order.completed' } }]);
  });

  it('sends every webhook five times, the last event first, at pharmacy-chatty', async () => {
    const { reference } = await place('pharmacy-chatty');
    const copies = await told(reference, 10);
    const ids = copies.map(({ body, headers }) => `${body.type} ${headers['webhook-id']}`);
    expect(ids[0]).toMatch(/^order\.completed /);
    expect(new Set(ids).size).toBe(2);
    expect(ids.filter((id) => id === ids[0])).toHaveLength(5);
    const { documents } = await look('pharmacy-chatty', reference);
    expect(documents.map(({ name }) => name)).toContain('../../etc/label "1".pdf');
  });

  it.each([
    ['pharmacy-bad-document', [false, false, true, true]],
    ['pharmacy-corrupt', [false, false, false, false]],
  ])('serves damaged documents at %s', async (pharmacyId, expected) => {
    const { reference } = await place(pharmacyId);
    for (const document of (await ended(pharmacyId, reference)).documents) {
      const good: boolean[] = [];
      for (const _ of expected) good.push((await download(pharmacyId, document)).good);
      expect(good).toEqual(expected);
    }
  });

  it('answers nothing at pharmacy-down until a test switches it on', async () => {
    await expect(place('pharmacy-down')).rejects.toThrow();
    expect(await configure('pharmacy-down', { upp: true })).toBe(400);
    expect(await configure('pharmacy-none', { up: true })).toBe(404);
    expect(await configure('pharmacy-down', { up: true })).toBe(200);
    expect((await place('pharmacy-down')).status).toBe(201);
  });

  it('does only what the control API says at pharmacy-manual', async () => {
    const { reference } = await place('pharmacy-manual');
    await told((await place('pharmacy-123')).reference);
    expect(await look('pharmacy-manual', reference)).toMatchObject({ status: 'accepted' });
    expect(await advance(reference, 'in_progress')).toBe(200);
    expect(await advance(reference, 'completed')).toBe(200);
    expect(await advance(reference, 'tracking')).toBe(200);
    expect(await advance(reference, 'rejected')).toBe(409);
    expect(await advance(randomUUID(), 'completed')).toBe(404);
    const types = (await told(reference, 2)).map(({ body }) => body.type).sort();
    expect(types).toEqual(['order.completed', 'order.tracking_added']);
    const after = { status: 'completed', trackingId: 'track-1' };
    expect(await look('pharmacy-manual', reference)).toMatchObject(after);
  });

  it('cancels an order at every request until the order has ended', async () => {
    const open = await place('pharmacy-manual');
    const late = await place('pharmacy-manual');
    await advance(late.reference, 'completed');
    const cancel = async (id: string) =>
      (await call('pharmacy-manual', `orders/${id}/cancel`, 'POST')).status;
    expect([await cancel(open.body.id), await cancel(open.body.id)]).toEqual([200, 200]);
    expect(await cancel(late.body.id)).toBe(409);
    expect(await told(open.reference)).toMatchObject([{ body: { type: 'order.cancelled' } }]);
  });
});

describe('the simulator', { timeout: 15_000 }, () => {
  it('keeps its orders, secrets and work after kill -9', async () => {
    const { reference } = await place('pharmacy-123');
    const { documents } = await look('pharmacy-early', (await place('pharmacy-early')).reference);
    const { token } = pharmacies.get('pharmacy-123')!;
    await stop('SIGKILL');
    await appendFile(path.join(dataDir, 'ledger.ndjson'), '{"event":"crea');
    await start();
    expect(pharmacies.get('pharmacy-123')).toMatchObject({ token });
    expect(await told(reference)).toMatchObject([{ body: { type: 'order.completed' } }]);
    expect((await place('pharmacy-123', reference)).status).toBe(409);
    const url = new URL(new URL(documents[0]!.url).pathname, base).href;
    expect((await download('pharmacy-early', { ...documents[0]!, url })).good).toBe(true);
    await stop('SIGKILL');
    await start();
    expect(await entries(reference)).toMatchObject([{ asked: 2, status: 'completed' }]);
  });

  it('forgets orders and changes at a reset, but keeps its secrets', async () => {
    await control('POST', 'reset');
    expect((await control('GET', 'ledger')).body).toEqual({ orders: [] });
    await expect(place('pharmacy-down')).rejects.toThrow();
    const now = (await control('GET', 'pharmacies')).body.pharmacies;
    expect(now).toEqual([...pharmacies.values()]);
    expect((await stat(path.join(dataDir, 'credentials.json'))).mode & 0o777).toBe(0o600);
  });

  it('names the variable of a taken port, and ends with 0 at a stop signal', async () => {
    const second = launch(new URL(base).port);
    const lines = createInterface({ input: second.stderr! });
    const [[line], [code]] = await Promise.all([once(lines, 'line'), once(second, 'exit')]);
    expect(JSON.parse(line)).toMatchObject({ level: 'error', part: 'simulator' });
    expect(line).toContain('SIMULATOR_PORT');
    expect(code).toBe(1);
    expect(await stop('SIGTERM')).toBe(0);
  });
});
