/*
 * `@rx-orders/webhooks`: verifies the webhooks of rx-orders and types their events. It uses
 * `node:crypto` and has no dependency.
 */

export type { WebhookEvent } from './events.ts';
export type { WebhookHeaders } from './read-headers.ts';
export {
  type WebhookVerificationCode,
  WebhookVerificationError,
} from './verification-error.ts';
export { type VerifyOptions, verifyWebhook } from './verify.ts';
