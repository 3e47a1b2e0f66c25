// Your own webhook handler: a pharmacy reports the result of an order in its own format.
//
//   WEBHOOK_PORT=4020 WEBHOOK_SECRET=… webhook-handler.ts
//
// The body is {"event_id":"evt-1","event_type":"rx.filled","partner_reference":"<order id>"}; the
// header `x-pharmacy-signature` is the hex HMAC-SHA256 of the body with the secret. Ctrl-C ends it.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import { OrderNotFoundError } from '../src/client.ts';
import { orderClientFromEnvironment, required } from './from-environment.ts';

const BODY_LIMIT_BYTES = 64 * 1024;

/** The pharmacy's events that end an order. The handler ignores the others. */
const ENDS = {
  'rx.filled': 'completed',
  'rx.denied': 'rejected',
  'rx.voided': 'cancelled',
} as const;

const eventSchema = z.object({
  event_id: z.string().min(1),
  event_type: z.string(),
  partner_reference: z.string(),
});

const secret = required('WEBHOOK_SECRET');
const client = orderClientFromEnvironment();

const server = createServer((request, response) => {
  handle(request)
    .catch((error: unknown) => {
      // Nothing was stored, so do not answer 2xx: the pharmacy then sends the event again.
      console.error(
        `the event was not stored: ${error instanceof Error ? error.name : 'unknown error'}`,
      );
      return 503;
    })
    .then((status) => response.writeHead(status, { connection: 'close' }).end())
    .catch(() => response.destroy());
});

/** Handles one webhook. Returns the status of the answer. */
async function handle(request: IncomingMessage): Promise<number> {
  if (request.method !== 'POST' || request.url !== '/pharmacy-events') return 404;
  const body = await read(request);
  if (body === undefined) return 413;
  // Verify the raw bytes, before any parsing.
  if (!isGenuine(body, request.headers['x-pharmacy-signature'])) return 401;
  const event = parse(body);
  if (event === undefined) return 400;

  const { event_id: webhookId, event_type: type, partner_reference: orderId } = event;
  if (!isEnd(type)) return 204;
  try {
    // The event is stored when this resolves, so 204 is safe. A repeated event has no effect. The order
    // asks the pharmacy before it ends, so a forged or mistaken event ends no order.
    await client.handle(orderId).signalCompletion({ webhookId, status: ENDS[type] });
  } catch (error) {
    if (error instanceof OrderNotFoundError) return 404;
    throw error;
  }
  console.log(`${webhookId}: ${type} for order ${orderId}`);
  return 204;
}

async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Keep the request open when the loop ends early, so that a body that is too long gets its 413.
  const parts: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of parts) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isGenuine(body: Buffer, signature: string | string[] | undefined): boolean {
  const expected = createHmac('sha256', secret).update(body).digest();
  const given = Buffer.from(typeof signature === 'string' ? signature : '', 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function parse(body: Buffer): z.output<typeof eventSchema> | undefined {
  try {
    return eventSchema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    return undefined;
  }
}

function isEnd(type: string): type is keyof typeof ENDS {
  return Object.hasOwn(ENDS, type);
}

server.listen(Number(process.env.WEBHOOK_PORT || '4020'), '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (typeof address === 'object' && address !== null) {
  console.log(`listening on http://127.0.0.1:${address.port}/pharmacy-events`);
}

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
server.close();
await once(server, 'close');
await client.close();
console.log('closed');
