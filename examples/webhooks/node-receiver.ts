// A receiver of webhooks on node:http alone.
//
//   WEBHOOK_SECRET=whsec_… WEBHOOK_PORT=4021 node-receiver.ts
//
// WEBHOOK_SECRET may name two secrets, with a comma between, while one rotates. Ctrl-C ends it.

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
// In a project of its own: from 'rx-orders/webhooks'.
import { verifyWebhook, WebhookVerificationError } from '../../packages/webhooks/src/index.ts';

const BODY_LIMIT_BYTES = 20 * 1024 * 1024;
const secrets = (process.env.WEBHOOK_SECRET ?? '').split(',');
/** In production a table with `webhook-id` as its key, written in the transaction of the work. */
const done = new Set<string>();

const server = createServer((request, response) => {
  take(request).then(
    (status) => response.writeHead(status).end(),
    // Not taken in: no 2xx, so that it comes again.
    () => response.writeHead(503).end(),
  );
});

async function take(request: IncomingMessage): Promise<number> {
  if (request.method !== 'POST' || request.url !== '/webhooks') return 404;
  const body = await read(request);
  if (body === undefined) return 413;
  try {
    // With a timestamp there is an id, too.
    const event = verifyWebhook(body, request.headers, secrets, { requireTimestamp: true });
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
  // Not destroyed when the loop is left early: a request that is too long gets its answer, too.
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
