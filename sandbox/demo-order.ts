import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { StackError } from './stack-error.ts';

// What a client of the published endpoint does, with nothing but HTTP and the published request.

const EXAMPLE = new URL('./place-order.example.json', import.meta.url);
const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';
const KEY = { 'cv-api-key': 'YOUR_SECRET_KEY' };

const LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 40;
const ENDS = ['REJECTED', 'CANCELLED', 'EXPIRED', 'NEEDS_ATTENTION'];

const placedSchema = z.object({ data: z.object({ order: z.object({ id: z.string() }) }) });
const orderSchema = z.object({
  data: z.object({
    order: z.object({
      status: z.string(),
      reason: z.string().nullish(),
      documents: z.array(z.object({ id: z.string(), name: z.string(), sha256: z.string() })),
    }),
  }),
});

/** An order as `GET …/orders/:orderId` shows it, as far as the demo looks. */
export type ShownOrder = z.infer<typeof orderSchema>['data']['order'];

/** A document that was downloaded and checked. */
export interface StoredFile {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/**
 * Places the published example with an idempotency key of its own.
 *
 * @returns the order's id.
 * @throws {StackError} the answer was not 200.
 */
export async function placeExample(baseUrl: string): Promise<string> {
  const example = JSON.parse(await readFile(EXAMPLE, 'utf8')) as object;
  const answer = await fetch(`${baseUrl}${CASE}`, {
    method: 'POST',
    headers: { ...KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ ...example, idempotencyKey: `demo-${randomUUID()}` }),
  });
  const text = await answer.text();
  if (answer.status !== 200) {
    throw new StackError(`the order was not accepted: ${answer.status} ${text}`);
  }
  return placedSchema.parse(JSON.parse(text)).data.order.id;
}

/**
 * Looks at an order until it is completed.
 *
 * @param onLook hears what each look saw.
 * @throws {StackError} it ended otherwise, or did not complete within 60 s.
 */
export async function followOrder(
  baseUrl: string,
  orderId: string,
  signal: AbortSignal,
  onLook: (order: ShownOrder) => void,
): Promise<ShownOrder> {
  const until = Date.now() + LIMIT_MS;
  for (;;) {
    const answer = await fetch(`${baseUrl}${CASE}/orders/${orderId}`, { headers: KEY, signal });
    if (answer.ok) {
      const { order } = orderSchema.parse(await answer.json()).data;
      onLook(order);
      if (order.status === 'COMPLETED') return order;
      if (ENDS.includes(order.status)) {
        throw new StackError(
          `the order ended ${order.status}: ${order.reason ?? 'no reason given'}`,
        );
      }
    }
    if (Date.now() > until) {
      throw new StackError(`the order did not complete within ${LIMIT_MS / 1000} s`);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/**
 * Downloads an order's documents, as the organization does, and keeps them.
 *
 * @param folder for their PDFs; what the server stores is encrypted.
 * @throws {StackError} a document is not what the order says.
 */
export async function downloadDocuments(
  baseUrl: string,
  folder: string,
  orderId: string,
  order: ShownOrder,
): Promise<StoredFile[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return Promise.all(
    order.documents.map(async ({ id, name, sha256 }) => {
      const url = `${baseUrl}${CASE}/orders/${orderId}/documents/${id}`;
      const bytes = Buffer.from(await (await fetch(url, { headers: KEY })).arrayBuffer());
      const found = createHash('sha256').update(bytes).digest('hex');
      if (found !== sha256) throw new StackError(`${url} is not the document ${name}`);
      const file = path.join(folder, `${id}.pdf`);
      await writeFile(file, bytes, { mode: 0o600 });
      return { name, path: file, sha256 };
    }),
  );
}
