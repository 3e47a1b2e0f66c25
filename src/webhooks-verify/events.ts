import type { OrderEvent } from '../contract/case-activity.ts';

/** An endpoint as an event about it shows it. */
interface EventEndpoint {
  readonly id: string;
}

/** The endpoint gets no more events until somebody enables it again. */
export interface EndpointDisabledEvent {
  readonly event: 'ENDPOINT_DISABLED';
  readonly payload: { readonly endpoint: EventEndpoint; readonly reason: string };
}

/** Sent on request, to try an endpoint: nothing has happened. */
export interface PingEvent {
  readonly event: 'PING';
  readonly payload: { readonly endpoint: EventEndpoint };
}

/**
 * What a webhook tells, told apart by `event`. Events that come later pass through
 * `verifyWebhook` as they are: answer 2xx to one that you don't know.
 */
export type CaseEvent = OrderEvent | EndpointDisabledEvent | PingEvent;
