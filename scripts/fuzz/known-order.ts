import { z } from 'zod';
import { followOrder, placeExample } from '../../sandbox/demo-order.ts';

const CASE_ID = '123e4567-e89b-12d3-a456-426614174000';
const LIMIT_MS = 60_000;

const orderSchema = z.object({
  data: z.object({ order: z.object({ idempotencyKey: z.string() }) }),
});

/** Places an order and waits until it is completed. @returns the ids that find it, by parameter name. */
export async function placeKnownOrder(baseUrl: string): Promise<Record<string, string>> {
  const orderId = await placeExample(baseUrl);
  const signal = AbortSignal.timeout(LIMIT_MS);
  const { documents } = await followOrder(baseUrl, orderId, signal, () => undefined);
  const answer = await fetch(`${baseUrl}/api/v1/cases/${CASE_ID}/orders/${orderId}`, {
    headers: { 'cv-api-key': 'YOUR_SECRET_KEY' },
    signal,
  });
  const { idempotencyKey } = orderSchema.parse(await answer.json()).data.order;
  const documentId = documents[0]?.id ?? '';
  return { caseId: CASE_ID, orderId, documentId, 'Idempotency-Key': idempotencyKey };
}
