// A receiver of webhooks on Fastify.
//
//   WEBHOOK_SECRET=whsec_… WEBHOOK_PORT=4021 fastify-receiver.ts
//
// WEBHOOK_SECRET may name two secrets, with a comma between, while one rotates. Ctrl-C ends it.

import { once } from 'node:events';
import fastify from 'fastify';
// In a project of its own: from 'rx-orders/webhooks'.
import { verifyWebhook, WebhookVerificationError } from '../../packages/webhooks/src/index.ts';

const secrets = (process.env.WEBHOOK_SECRET ?? '').split(',');
/** In production a table with `webhook-id` as its key, written in the transaction of the work. */
const done = new Set<string>();

const app = fastify({ bodyLimit: 20 * 1024 * 1024 });
// The bytes as they came: what is parsed and written again may not be what was signed.
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => {
  parsed(null, body);
});

app.post<{ Body: Buffer }>('/webhooks', (request, reply) => {
  try {
    // With a timestamp there is an id, too.
    const options = { requireTimestamp: true };
    const event = verifyWebhook(request.body, request.headers, secrets, options);
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
