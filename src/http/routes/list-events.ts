import { eventPage } from '../../contract/case-activity.ts';
import { success, successBody } from '../../contract/envelope.ts';
import { eventsQuery } from '../../contract/order-query.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `GET /api/v1/events`: the events of the webhooks, to pull. */
export function listEvents({ events }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/api/v1/events',
    auth: 'orders:read',
    audit: 'EVENTS_LISTED',
    query: eventsQuery,
    doc: {
      operationId: 'listEvents',
      tag: 'Notifications',
      summary: 'List the events of the organization’s orders',
      description:
        'The events that the webhooks carry, in commit order. Pull them instead of receiving webhooks, or ' +
        'to catch up after missing some. Store the `cursor` of the last event that you have processed and ' +
        'send it as `after` in the next request. No event is skipped, even if its transaction commits late.',
      responses: { 200: { description: 'One page.', schema: successBody(eventPage) } },
    },
    handle: async ({ organizationId, query }) =>
      success('Events', await events.list(organizationId, query)),
  });
}
