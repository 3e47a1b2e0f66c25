import { randomBytes, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** A secret of Standard Webhooks, for one pharmacy. */
export function webhookSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`;
}

/** Returns the headers that authenticate a pharmacy's webhook. */
export function signedHeaders(
  secret: string,
  body: string,
  { webhookId = `msg_${randomUUID()}`, at = new Date() }: { webhookId?: string; at?: Date } = {},
): Record<string, string> {
  return {
    'content-type': 'application/json',
    'webhook-id': webhookId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign(webhookId, at, body),
  };
}
