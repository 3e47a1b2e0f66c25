import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import type { Sql } from 'postgres';
import { Webhook } from 'standardwebhooks';
import { createdAnswer, requestSchema } from './request-schema.ts';
import type { ContenderSettings } from './settings.ts';

/** How the orders are carried out. */
export interface Engine {
  start(orderId: string): Promise<unknown>;
  /** The pharmacy has completed the order. */
  complete(orderId: string): Promise<unknown>;
}

/** Serves the HTTP side of a textbook's solution: orders, and webhooks of the pharmacy. */
export async function serveTextbook(
  sql: Sql,
  { port, pharmacy }: ContenderSettings,
  engine: Engine,
): Promise<void> {
  const app = fastify();
  app.post<{ Params: { caseId: string } }>('/api/v1/cases/:caseId', async (request, reply) => {
    const parsed = requestSchema.safeParse(request.body);
    if (!parsed.success) return await reply.code(400).send({ error: parsed.error.issues });
    const { idempotencyKey = null, order } = parsed.data;
    const id = randomUUID();
    await sql`
      INSERT INTO orders (id, case_id, idempotency_key, status, body)
      VALUES (${id}, ${request.params.caseId}, ${idempotencyKey}, 'ACCEPTED', ${JSON.stringify(order)}::text::json)`;
    await engine.start(id);
    return createdAnswer(id);
  });
  await app.register(async (scope) => {
    const webhook = new Webhook(pharmacy.webhookSecret);
    scope.removeContentTypeParser('application/json');
    const asText = { parseAs: 'string' } as const;
    scope.addContentTypeParser(
      'application/json',
      asText,
      async (_request: unknown, text: string) => text,
    );
    scope.post('/webhooks/pharmacies/:pharmacyId', async ({ body, headers }, reply) => {
      const verified = webhook.verify(body as string, headers as Record<string, string>);
      const { type, data } = verified as { type: string; data: { reference: string } };
      if (type === 'order.completed') await engine.complete(data.reference);
      return await reply.code(204).send();
    });
  });
  await app.listen({ host: '127.0.0.1', port });
}
