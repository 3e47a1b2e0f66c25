// A webhook receiver with node:http.
//
//   WEBHOOK_SECRET=whsec_… WEBHOOK_PORT=4021 node-receiver.ts
//
// While a secret rotates, WEBHOOK_SECRET holds both, separated by a comma. Ctrl-C ends it.

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyWebhook, WebhookVerificationError } from '@rx-orders/webhooks';

const BODY_LIMIT_BYTES = 20 * 1024 * 1024;
const secrets = (process.env.WEBHOOK_SECRET ?? '').split(',');
/** In production: a table with the key `webhook-id`, written in the same transaction as the work. */
const done = new Set<string>();

const server = createServer((request, response) => {
  handle(request).then(
    (status) => response.writeHead(status).end(),
    // Nothing was stored, so do not answer 2xx: the server then sends the event again.
    () => response.writeHead(503).end(),
  );
});

async function handle(request: IncomingMessage): Promise<number> {
  if (request.method !== 'POST' || request.url !== '/webhooks') return 404;
  const body = await read(request);
  if (body === undefined) return 413;
  try {
    // A signature with a timestamp also covers the id.
    const event = verifyWebhook(body, request.headers, secrets);
    const id = String(request.headers['webhook-id']);
    if (!done.has(id)) {
      console.log(`${id}: ${event.event}`);
      done.add(id);
    }
    return 204;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return 401;
    throw error;
  }
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

server.listen(Number(process.env.WEBHOOK_PORT ?? 4021), '127.0.0.1');
await once(server, 'listening');
console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
server.close();
server.closeAllConnections();
