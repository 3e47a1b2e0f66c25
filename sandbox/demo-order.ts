import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { StackError } from './stack-error.ts';

// The client side of the demo. It uses only HTTP and the published example request.

const EXAMPLE = new URL('./place-order.example.json', import.meta.url);
const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';
const KEY = { 'cv-api-key': 'YOUR_SECRET_KEY' };

const LIMIT_MS = 60_000;
const POLL_EVERY_MS = 40;
const FAILED = ['REJECTED', 'CANCELLED', 'EXPIRED', 'NEEDS_ATTENTION'];

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

/** The fields of `GET …/orders/:orderId` that the demo uses. */
export type ShownOrder = z.infer<typeof orderSchema>['data']['order'];

/** A document that was downloaded and checked. */
export interface StoredFile {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/**
 * Places the published example order with a new idempotency key.
 *
 * @returns the order's id.
 * @throws {StackError} the server answered with another status than 200.
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
 * Polls an order until it is completed.
 *
 * @param onPoll receives the order after each poll.
 * @throws {StackError} the order ended in another status, or did not complete within 60 s.
 */
export async function followOrder(
  baseUrl: string,
  orderId: string,
  signal: AbortSignal,
  onPoll: (order: ShownOrder) => void,
): Promise<ShownOrder> {
  const until = Date.now() + LIMIT_MS;
  for (;;) {
    const answer = await fetch(`${baseUrl}${CASE}/orders/${orderId}`, { headers: KEY, signal });
    if (answer.ok) {
      const { order } = orderSchema.parse(await answer.json()).data;
      onPoll(order);
      if (order.status === 'COMPLETED') return order;
      if (FAILED.includes(order.status)) {
        throw new StackError(
          `the order is ${order.status} instead of COMPLETED: ${order.reason ?? 'no reason given'}`,
        );
      }
    }
    if (Date.now() > until) {
      throw new StackError(`the order did not complete within ${LIMIT_MS / 1000} s`);
    }
    await sleep(POLL_EVERY_MS, undefined, { signal });
  }
}

/**
 * Downloads an order's documents as an organization would, and saves them as PDF files.
 *
 * @param folder receives the PDF files. (The server's own copies are encrypted.)
 * @throws {StackError} a document's SHA-256 differs from the one that the order states.
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
      if (found !== sha256) {
        throw new StackError(`the SHA-256 of ${name}, downloaded from ${url}, does not match`);
      }
      const file = path.join(folder, `${id}.pdf`);
      await writeFile(file, bytes, { mode: 0o600 });
      return { name, path: file, sha256 };
    }),
  );
}
