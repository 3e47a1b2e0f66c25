/*
 * `rx-orders/webhooks`: what receives our webhooks verifies them with this. It needs Node's crypto and
 * nothing else; it takes nothing but types from the rest of the project.
 */

export {
  type WebhookVerificationCode,
  WebhookVerificationError,
} from './webhooks-verify/errors.ts';
export type { WebhookEvent } from './webhooks-verify/events.ts';
export type { WebhookHeaders } from './webhooks-verify/read-headers.ts';
export { type VerifyOptions, verifyWebhook } from './webhooks-verify/verify.ts';
