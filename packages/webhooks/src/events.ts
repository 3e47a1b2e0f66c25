import type { CaseEvent, PingEvent } from '../../../src/contract/case-activity.ts';

/**
 * What a webhook tells, told apart by `event`. Events that come later pass through
 * `verifyWebhook` as they are: answer 2xx to one that you don't know.
 */
export type WebhookEvent = CaseEvent | PingEvent;
