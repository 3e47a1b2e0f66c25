import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { verifyWebhook } from '../../packages/webhooks/src/index.ts';
import type { ReceivedEvent } from './evidence.ts';

const lineSchema = z.object({
  at: z.number(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  body: z.string(),
});

const bodySchema = z.object({
  event: z.string(),
  sequence: z.number(),
  order: z.object({ id: z.string(), status: z.string(), trackingId: z.string().optional() }),
  payload: z.object({ attachment: z.object({ sha256: z.string() }).optional() }),
});

/** Reads the receiver's ledger and verifies each webhook as of its arrival. */
export async function readReceipts(file: string, secret: string): Promise<ReceivedEvent[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  // The last line is empty, or incomplete because the receiver was killed.
  return lines.slice(0, -1).map((line) => {
    const { at, headers, body } = lineSchema.parse(JSON.parse(line));
    const raw = Buffer.from(body, 'base64');
    const { event, sequence, order, payload } = bodySchema.parse(JSON.parse(raw.toString('utf8')));
    return {
      webhookId: String(headers['webhook-id']),
      genuine: isGenuine(raw, headers, secret, at),
      ...{ event, sequence, orderId: order.id, status: order.status },
      trackingId: order.trackingId,
      sha256: payload.attachment?.sha256,
    };
  });
}

function isGenuine(raw: Buffer, headers: object, secret: string, now: number): boolean {
  try {
    verifyWebhook(raw, { ...headers }, secret, { now });
    return true;
  } catch {
    return false;
  }
}
