// A webhook handler of one's own: some pharmacy tells, in its own format, what became of an order.
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

/** What ends an order, in this pharmacy's words; its other events are none of ours. */
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
  take(request)
    .catch((error: unknown) => {
      // Not stored: no 2xx, so that the pharmacy sends it again.
      console.error(`not taken in: ${error instanceof Error ? error.name : 'unknown error'}`);
      return 503;
    })
    .then((status) => response.writeHead(status, { connection: 'close' }).end())
    .catch(() => response.destroy());
});

/** Takes in one webhook; gives the status to answer with. */
async function take(request: IncomingMessage): Promise<number> {
  if (request.method !== 'POST' || request.url !== '/pharmacy-events') return 404;
  const body = await read(request);
  if (body === undefined) return 413;
  // Checked over the bytes as they came, before anything reads them.
  if (!isGenuine(body, request.headers['x-pharmacy-signature'])) return 401;
  const event = parse(body);
  if (event === undefined) return 400;

  const { event_id: webhookId, event_type: type, partner_reference: orderId } = event;
  if (!isEnd(type)) return 204;
  try {
    // Stored when this resolves, so that a 204 is a promise. The same event again does nothing, and
    // the order itself asks the pharmacy: a forged or mistaken event ends no order.
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
  // Not destroyed when the loop is left early: a request that is too long gets its answer, too.
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
