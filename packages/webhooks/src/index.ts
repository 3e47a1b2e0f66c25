/*
 * `rx-orders/webhooks`: what receives our webhooks verifies them with this. It needs Node's crypto and
 * nothing else; it takes nothing but types from the rest of the project.
 */

export type { WebhookEvent } from './events.ts';
export type { WebhookHeaders } from './read-headers.ts';
export {
  type WebhookVerificationCode,
  WebhookVerificationError,
} from './verification-error.ts';
export { type VerifyOptions, verifyWebhook } from './verify.ts';
