import type { SendResult } from './send-result.ts';
import type { Sender } from './sender.ts';
import { signaturesOf } from './signatures.ts';

/** Where an endpoint's webhooks go, and what authenticates them there. */
export interface WebhookTarget {
  readonly url: string;
  readonly organizationId: string;
  /** The header that the organization chose for its endpoint; null when it chose none. */
  readonly authHeaderName: string | null;
  readonly authHeaderValue: string | null;
  /** The secrets that sign now, the newest first: two while a secret rotates. */
  readonly secrets: readonly [string, ...string[]];
}

/**
 * Sends a webhook once: signs it, builds its headers and posts it. Deliveries and tests of an endpoint
 * both use this function, so that a receiver gets the same request from either.
 *
 * @param webhook.id the `webhook-id`, the same for every attempt at a delivery.
 * @param webhook.body exactly what is signed and sent.
 * @throws {TypeError} a secret or a header is malformed.
 * @throws the signal's reason, when it is aborted.
 */
export async function sendWebhook(
  sender: Pick<Sender, 'post'>,
  target: WebhookTarget,
  webhook: { readonly id: string; readonly body: string },
  signal?: AbortSignal,
): Promise<SendResult> {
  const { url, organizationId, authHeaderName, authHeaderValue, secrets } = target;
  const timestamp = Math.floor(Date.now() / 1_000);
  const headers = {
    ...(authHeaderName === null ? {} : { [authHeaderName.toLowerCase()]: authHeaderValue ?? '' }),
    'content-type': 'application/json',
    'user-agent': 'rx-orders-webhooks',
    ...signaturesOf({ id: webhook.id, timestamp, body: webhook.body, secrets }),
  };
  return await sender.post(url, headers, webhook.body, signal, organizationId);
}
