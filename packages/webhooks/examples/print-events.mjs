// Registers itself as a webhook endpoint, prints every genuine event, and deletes the endpoint at Ctrl-C:
//
//   node print-events.mjs
//
// RX_URL and RX_API_KEY select the server and a key with the scope `webhooks:manage`. The defaults are
// those of the sandbox (`npm start`), which accepts endpoints on this machine.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { verifyWebhook, WebhookVerificationError } from '@rx-orders/webhooks';

const endpoints = `${process.env.RX_URL || 'http://127.0.0.1:3000'}/api/v1/webhook-endpoints`;
const headers = { 'cv-api-key': process.env.RX_API_KEY || 'YOUR_SECRET_KEY' };
/** In production: a table, written in the same transaction as the work. */
const handled = new Set();
let secret = '';

const server = createServer(async (request, response) => {
  response.statusCode = await handle(await buffer(request), request.headers).catch(() => 503);
  response.end();
});

async function handle(rawBody, requestHeaders) {
  try {
    const event = verifyWebhook(rawBody, requestHeaders, secret);
    const id = requestHeaders['webhook-id'];
    // Delivery is at least once: skip an id that was handled.
    if (!handled.has(id)) console.log(event.event, 'order' in event ? event.order.status : '');
    handled.add(id);
    return 204;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return 401;
    throw error;
  }
}

server.listen(0, '127.0.0.1');
await once(server, 'listening');
const created = await fetch(endpoints, {
  method: 'POST',
  headers: { ...headers, 'content-type': 'application/json' },
  body: JSON.stringify({ url: `http://127.0.0.1:${server.address().port}/webhooks` }),
});
if (!created.ok) throw new Error(`cannot register the endpoint: HTTP ${created.status}`);
const { endpoint } = (await created.json()).data;
secret = endpoint.secret;
console.log('waiting for events');

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await fetch(`${endpoints}/${endpoint.id}`, { method: 'DELETE', headers });
server.close();
server.closeAllConnections();
