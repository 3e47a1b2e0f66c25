import type { components } from './openapi.ts';

/**
 * The body of a webhook; `event` tells the kinds apart. Later versions of the server can send other
 * events, which `verifyWebhook` returns unchanged: answer 2xx to an event that you do not know.
 */
export type WebhookEvent = Readonly<components['schemas']['WebhookEvent']>;
