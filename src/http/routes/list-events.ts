import { eventPage } from '../../contract/case-activity.ts';
import { success, successBody } from '../../contract/envelope.ts';
import { eventsQuery } from '../../contract/order-query.ts';
import { pruned } from '../openapi/responses.ts';
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
        'send it as `after` in the next request. No event is skipped, even if its transaction commits late. ' +
        'A deployment may keep events for a limited time: without `after`, the list begins with the oldest event that ' +
        'is kept.',
      responses: {
        200: { description: 'One page.', schema: successBody(eventPage) },
        410: pruned(
          'Events after the cursor are no longer kept, so the list would skip them. Read the state of the orders, and begin again without `after`.',
          'EVENTS_PRUNED',
          'events after this cursor are no longer kept; read the orders, and begin again without after',
        ),
      },
    },
    handle: async ({ organizationId, query }) =>
      success('Events', await events.list(organizationId, query)),
  });
}
