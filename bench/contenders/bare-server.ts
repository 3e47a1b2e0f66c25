import { randomUUID } from 'node:crypto';
import fastify from 'fastify';
import postgres from 'postgres';
import { createdAnswer, requestSchema } from './request-schema.ts';
import { readSettings } from './settings.ts';

// Two contenders for accepting an order. `/insert`: JSON in, one INSERT. `/outbox`: a textbook's outbox, which checks the
// request and has three INSERTs in a transaction.

const { port, databaseUrl } = readSettings();
const sql = postgres(databaseUrl, { max: 10, onnotice: () => undefined });
await sql`CREATE TABLE plain (id uuid PRIMARY KEY, body json NOT NULL)`;
await sql`
  CREATE TABLE orders (
    id uuid PRIMARY KEY, case_id text NOT NULL, idempotency_key text UNIQUE, status text NOT NULL,
    body json NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`;
for (const [table, column] of [
  ['timeline', 'event'],
  ['outbox', 'kind'],
] as const) {
  await sql`
    CREATE TABLE ${sql(table)} (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id uuid NOT NULL REFERENCES orders,
      ${sql(column)} text NOT NULL, at timestamptz NOT NULL DEFAULT now())`;
}

const app = fastify();
app.post('/insert/api/v1/cases/:caseId', async ({ body }) => {
  const id = randomUUID();
  await sql`INSERT INTO plain (id, body) VALUES (${id}, ${JSON.stringify(body)}::text::json)`;
  return createdAnswer(id);
});
app.post<{ Params: { caseId: string } }>('/outbox/api/v1/cases/:caseId', async (request, reply) => {
  const parsed = requestSchema.safeParse(request.body);
  if (!parsed.success) return await reply.code(400).send({ error: parsed.error.issues });
  const { idempotencyKey = null, order } = parsed.data;
  const id = randomUUID();
  await sql.begin(async (tx) => {
    await tx`
      INSERT INTO orders (id, case_id, idempotency_key, status, body)
      VALUES (${id}, ${request.params.caseId}, ${idempotencyKey}, 'ACCEPTED', ${JSON.stringify(order)}::text::json)`;
    await tx`INSERT INTO timeline (order_id, event) VALUES (${id}, 'ORDER_ACCEPTED')`;
    await tx`INSERT INTO outbox (order_id, kind) VALUES (${id}, 'start')`;
  });
  return createdAnswer(id);
});
await app.listen({ host: '127.0.0.1', port });
process.on('SIGTERM', () => process.exit());
process.send?.('ready');
