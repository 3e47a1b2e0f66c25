// A pharmacy that speaks the protocol of docs/pharmacy-protocol.md, with node:http only: a template.
//
//   PHARMACY_TOKEN=… PHARMACY_PORT=4030 pharmacy-server.ts
//
// With RX_WEBHOOK_URL and RX_WEBHOOK_SECRET (whsec_…) it sends webhooks. COMPLETE_AFTER_MS is the time
// from acceptance to completion. Ctrl-C ends it.

import { createHash, createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

interface Order {
  readonly id: string;
  readonly reference: string;
  status: 'accepted' | 'completed' | 'cancelled';
  document?: Buffer;
}

type Answer = [status: number, body: object | Buffer];

const {
  PHARMACY_TOKEN: token,
  RX_WEBHOOK_URL: webhookUrl,
  RX_WEBHOOK_SECRET: secret,
} = process.env;
if (!token) throw new Error('PHARMACY_TOKEN is required');
const completeAfterMs = Number(process.env.COMPLETE_AFTER_MS ?? 3_000);
/** In production: a table with a unique index on `reference`, so that an order cannot be created twice. */
const orders = new Map<string, Order>();

async function handle(request: IncomingMessage): Promise<Answer> {
  // Before anything else, so that an unauthorized request learns nothing.
  if (!sameText(request.headers.authorization ?? '', `Bearer ${token}`)) {
    return [401, { code: 'UNAUTHORIZED', message: 'The bearer token is wrong.' }];
  }
  const url = new URL(request.url ?? '/', 'http://pharmacy');
  const [, collection, id = '', action] = url.pathname.split('/');
  const isPost = request.method === 'POST';
  if (collection === 'orders' && id === '' && isPost) return place(await text(request));

  const reference = url.searchParams.get('reference')?.toLowerCase();
  const order = [...orders.values()].find((each) => each.id === id || each.reference === reference);
  if (collection !== 'orders' || order === undefined) {
    return [404, { code: 'ORDER_UNKNOWN', message: 'The pharmacy has no such order.' }];
  }
  if (isPost && action === 'cancel') {
    if (order.status === 'completed') return [409, view(order)];
    order.status = 'cancelled';
    return [200, view(order)];
  }
  if (action === 'document' && order.document !== undefined) return [200, order.document];
  if (action === undefined) return [200, view(order)];
  return [404, { code: 'ROUTE_UNKNOWN', message: 'There is no such route.' }];
}

function place(text: string): Answer {
  const body = parse(text);
  const reference = typeof body?.reference === 'string' ? body.reference.toLowerCase() : '';
  if (reference === '') return [400, { code: 'INVALID', message: 'reference is required.' }];
  // The same reference is the same order, also after a lost answer.
  const existing = orders.get(reference);
  if (existing !== undefined) return [409, view(existing)];
  if (!Array.isArray(body?.prescription?.prescriptionItems)) {
    return [422, { code: 'NO_ITEMS', message: 'The prescription has no items.' }];
  }
  const order: Order = { id: `rx-${randomUUID()}`, reference, status: 'accepted' };
  orders.set(reference, order);
  setTimeout(() => complete(order), completeAfterMs).unref();
  return [201, view(order)];
}

function complete(order: Order): void {
  if (order.status !== 'accepted') return;
  // In production: the signed prescription. Store the bytes, because a document must not change.
  order.document = Buffer.from(
    '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>' +
      'endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 144]>>endobj\n' +
      `trailer<</Root 1 0 R>>\n% order ${order.id}\n%%EOF\n`,
  );
  order.status = 'completed';
  notify(order).catch((error: unknown) => console.error('webhook failed', error));
}

/** Sends the webhook until it gets 2xx. In production: from a queue that survives a restart. */
async function notify({ id, reference, status }: Order): Promise<void> {
  if (!webhookUrl || !secret) return;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const webhookId = `msg_${randomUUID()}`;
  const body = JSON.stringify({ type: `order.${status}`, data: { id, reference, status } });
  for (let waitMs = 500; waitMs <= 60_000; waitMs *= 2) {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signed = createHmac('sha256', key).update(`${webhookId}.${timestamp}.${body}`);
    const headers = {
      'content-type': 'application/json',
      'webhook-id': webhookId,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signed.digest('base64')}`,
    };
    const response = await fetch(webhookUrl, { method: 'POST', headers, body }).catch(() => null);
    if (response?.ok) return;
    await sleep(waitMs, undefined, { ref: false });
  }
}

function view({ id, reference, status, document }: Order): object {
  if (document === undefined) return { id, reference, status, documents: [] };
  const sha256 = createHash('sha256').update(document).digest('hex');
  const type = { name: 'prescription.pdf', contentType: 'application/pdf' };
  // The URL is relative to the base URL; a signed link to object storage works too.
  const described = { ...type, size: document.length, sha256, url: `orders/${id}/document` };
  return { id, reference, status, documents: [{ id: `${id}-prescription`, ...described }] };
}

function parse(json: string) {
  try {
    return JSON.parse(json) as {
      reference?: unknown;
      prescription?: { prescriptionItems?: unknown };
    };
  } catch {
    return undefined;
  }
}

/** Compares in constant time, for texts of any length. */
function sameText(a: string, b: string): boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(a), digest(b));
}

const server = createServer((request, response) => {
  const failed = (): Answer => [500, { code: 'INTERNAL', message: 'Try again.' }];
  void handle(request)
    .catch(failed)
    .then(([status, body]) => {
      const type = Buffer.isBuffer(body) ? 'application/pdf' : 'application/json';
      response.writeHead(status, { 'content-type': type });
      response.end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
    });
});
server.listen(Number(process.env.PHARMACY_PORT ?? 4030), '127.0.0.1');
await once(server, 'listening');
console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
server.close();
server.closeAllConnections();
