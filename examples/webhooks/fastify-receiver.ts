// A webhook receiver with Fastify.
//
//   WEBHOOK_SECRET=whsec_… WEBHOOK_PORT=4021 fastify-receiver.ts
//
// While a secret rotates, WEBHOOK_SECRET holds both, separated by a comma. Ctrl-C ends it.

import { once } from 'node:events';
import { verifyWebhook, WebhookVerificationError } from '@rx-orders/webhooks';
import fastify from 'fastify';

const secrets = (process.env.WEBHOOK_SECRET ?? '').split(',');
/** In production: a table with the key `webhook-id`, written in the same transaction as the work. */
const done = new Set<string>();

const app = fastify({ bodyLimit: 20 * 1024 * 1024 });
// Keep the raw bytes: a body that was parsed and serialized again can differ from what was signed.
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => {
  parsed(null, body);
});

app.post<{ Body: Buffer }>('/webhooks', (request, reply) => {
  try {
    const event = verifyWebhook(request.body, request.headers, secrets);
    const id = String(request.headers['webhook-id']);
    if (!done.has(id)) {
      console.log(`${id}: ${event.event}`);
      done.add(id);
    }
    return reply.code(204).send();
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    return reply.code(401).send({ error: error.code });
  }
});

const url = await app.listen({ host: '127.0.0.1', port: Number(process.env.WEBHOOK_PORT ?? 4021) });
console.log(`listening on ${url}/webhooks`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await app.close();
