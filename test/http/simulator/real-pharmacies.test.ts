import { createHash, randomUUID } from 'node:crypto';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startSimulator, type TestSimulator } from '../../support/simulator.ts';

/* The sandbox pharmacies that deviate from the protocol as real pharmacies do. */

interface Document {
  readonly id: string;
  readonly sha256: string;
  readonly url: string;
  readonly withdrawn?: boolean;
}
interface Shown {
  readonly id: string;
  readonly status: string;
  readonly reason?: string;
  readonly documents: Document[];
}

const PATIENCE = { timeout: 15_000, interval: 50 };
const bodies: string[] = [];
const receiver = fastify({ forceCloseConnections: true });
receiver.removeAllContentTypeParsers();
receiver.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
  bodies.push(String(body));
  done(null, body);
});
receiver.post('/:pharmacyId', async (_request, reply) => reply.code(202).send());

let simulator: TestSimulator;
const tokens = new Map<string, string>();
beforeAll(async () => {
  await receiver.listen({ port: 0, host: '127.0.0.1' });
  simulator = await startSimulator(receiver.listeningOrigin);
  const { pharmacies } = await simulator.control<{ pharmacies: { id: string; token: string }[] }>(
    'GET',
    'pharmacies',
  );
  for (const { id, token } of pharmacies) tokens.set(id, token);
});
afterAll(async () => {
  await simulator.stop();
  await receiver.close();
});

const bearer = (id: string) => ({ authorization: `Bearer ${tokens.get(id) ?? ''}` });

async function call(id: string, route: string, body?: object) {
  const response = await fetch(`${simulator.url}/pharmacies/${id}/${route}`, {
    headers: { ...bearer(id), 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

async function place(id: string): Promise<string> {
  const reference = randomUUID();
  await call(id, 'orders', { reference });
  return reference;
}

/** Reads the order until it looks as expected. */
function shown(id: string, reference: string, isExpected: (order: Shown) => boolean) {
  return vi.waitUntil(async () => {
    const { text } = await call(id, `orders?reference=${reference}`);
    const order = JSON.parse(text) as Shown;
    return isExpected(order) && order;
  }, PATIENCE);
}

const webhooks = (reference: string) =>
  bodies.filter((body) => body.toLowerCase().includes(reference));
const reported = (reference: string, count: number) =>
  vi.waitUntil(() => webhooks(reference).length >= count && webhooks(reference), PATIENCE);
const types = (sent: string[]) => sent.map((body) => (JSON.parse(body) as { type: string }).type);

async function open(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers, redirect: 'manual' });
  const bytes = Buffer.from(await response.arrayBuffer());
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { status: response.status, location: response.headers.get('location') ?? '', sha256 };
}

describe.concurrent('a sandbox pharmacy', { timeout: 20_000 }, () => {
  it('answers loosely at pharmacy-loose', async () => {
    const id = 'pharmacy-loose';
    const reference = randomUUID();
    const unknown = await call(id, `orders?reference=${reference}`);
    expect(unknown).toEqual({ status: 200, text: '[]' });
    const placed = await call(id, 'orders', { reference });
    expect(placed.status).toBe(202);
    const [, orderId = ''] =
      /^\{"data":\{"order":\{"id":(\d{20}),"status":"QUEUED"\}\}\}$/.exec(placed.text) ?? [];
    expect(orderId).not.toBe('');
    const text = await vi.waitUntil(async () => {
      const read = await call(id, `orders/${orderId}`);
      return read.text.includes('"Completed"') && read.text;
    }, PATIENCE);
    const fields = `"id":${orderId},"reference":"${reference.toUpperCase()}"`;
    expect(text).toContain(`{"data":[{${fields}`);
    expect(text).toMatch(/"trackingId":\d{22}/);
    expect(text).toMatch(/"size":"\d+","url":"orders\/\d{20}\/documents\/[^"]+"/);
    expect(text).not.toMatch(/sha256|name/);
    const [tracking, completed] = await reported(reference, 2);
    expect(tracking).toMatch(/"type":"order\.tracking_added".*"trackingId":\d{22}/);
    expect(completed).toContain(`"data":{${fields},"status":"Completed"`);

    const cancelled = await place(id);
    const { text: open } = await call(id, `orders?reference=${cancelled}`);
    const [, other] = /"id":(\d+)/.exec(open) ?? [];
    expect((await call(id, `orders/${other}/cancel`, {})).status).toBe(202);
    expect(types(await reported(cancelled, 2))).toContain('order.cancelled');
  });

  it('is slow to accept an order and to render documents at pharmacy-rendering', async () => {
    const id = 'pharmacy-rendering';
    const reference = randomUUID();
    const answers: number[] = [];
    for (let n = 0; n < 4; n += 1) answers.push((await call(id, 'orders', { reference })).status);
    expect(answers).toEqual([408, 425, 201, 409]);
    const order = await shown(id, reference, ({ status }) => status === 'completed');
    for (const { url } of order.documents) {
      const statuses: number[] = [];
      for (let n = 0; n < 4; n += 1) statuses.push((await open(url, bearer(id))).status);
      expect(statuses).toEqual([404, 403, 202, 200]);
    }
  });

  it('adds the documents after the completion at pharmacy-late-documents', async () => {
    const reference = await place('pharmacy-late-documents');
    const counts: number[] = [];
    await shown('pharmacy-late-documents', reference, ({ status, documents }) => {
      if (status === 'completed') counts.push(documents.length);
      return documents.length === 2;
    });
    expect([...new Set(counts)]).toEqual([0, 1, 2]);
    const sent = await reported(reference, 3);
    expect(types(sent)).toEqual(['order.completed', 'order.completed', 'order.completed']);
  });

  it('changes one document and withdraws the other at pharmacy-corrects', async () => {
    const id = 'pharmacy-corrects';
    const reference = await place(id);
    const before = await shown(id, reference, ({ status }) => status === 'completed');
    const after = await shown(id, reference, (order) => order.documents[1]?.withdrawn === true);
    expect(after.documents[0]?.id).toBe(before.documents[0]?.id);
    expect(after.documents[0]?.sha256).not.toBe(before.documents[0]?.sha256);
    expect(after.documents[1]).toEqual({ id: before.documents[1]?.id, withdrawn: true });
    const { url = '', sha256 } = after.documents[0] ?? {};
    expect(await open(url, bearer(id))).toMatchObject({ status: 200, sha256 });
    const { url: withdrawn = '' } = before.documents[1] ?? {};
    expect(await open(withdrawn, bearer(id))).toMatchObject({ status: 404 });
    const { documents } = await simulator.control<{ documents: object[] }>(
      'GET',
      `orders/${reference}/documents`,
    );
    expect(documents).toMatchObject([
      { state: 'superseded', sha256: before.documents[0]?.sha256 },
      { state: 'current', sha256 },
      { state: 'withdrawn', sha256: before.documents[1]?.sha256 },
    ]);
  });

  it('keeps documents behind signed links at pharmacy-files-elsewhere', async () => {
    const id = 'pharmacy-files-elsewhere';
    const reference = await place(id);
    const order = await shown(id, reference, ({ status }) => status === 'completed');
    const [redirected, direct] = order.documents;
    const { status, location } = await open(redirected?.url ?? '', bearer(id));
    expect(status).toBe(302);
    expect(new URL(location).origin).not.toBe(simulator.url);
    const { sha256 } = redirected ?? {};
    expect(await open(location)).toMatchObject({ status: 200, sha256 });
    expect(new URL(direct?.url ?? '').origin).toBe(new URL(location).origin);
    expect(await open(direct?.url ?? '')).toMatchObject({ status: 200, sha256: direct?.sha256 });
    expect((await open(location, bearer(id))).status).toBe(400);
    expect((await open(location.replace(/expires=\d/, 'expires=9'))).status).toBe(403);
  });

  it('completes an order that it rejected at pharmacy-contradicts', async () => {
    const id = 'pharmacy-contradicts';
    const reference = await place(id);
    const rejected = await shown(id, reference, ({ status }) => status === 'rejected');
    expect(rejected).toMatchObject({ reason: expect.any(String), documents: [] });
    const order = await shown(id, reference, ({ status }) => status === 'completed');
    expect(order).not.toHaveProperty('reason');
    expect(order.documents).toHaveLength(2);
    expect(types(await reported(reference, 2))).toEqual(['order.rejected', 'order.completed']);
  });

  it('counts the steps and webhooks that are still to come', async () => {
    const reference = await place('pharmacy-contradicts');
    const pending = async () => {
      const { orders } = await simulator.control<{
        orders: { reference: string; pending: number }[];
      }>('GET', 'ledger');
      return orders.find((order) => order.reference === reference)?.pending;
    };
    expect(await pending()).toBeGreaterThan(0);
    await reported(reference, 2);
    await vi.waitUntil(async () => (await pending()) === 0, PATIENCE);
  });
});
