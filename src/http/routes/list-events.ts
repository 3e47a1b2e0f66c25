import { eventPage } from '../../contract/case-activity.ts';
import { success, successBody } from '../../contract/envelope.ts';
import { eventsQuery } from '../../contract/order-query.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `GET /api/v1/events`: what the webhooks tell, to pull. */
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
      summary: 'List what happened to the organization’s orders',
      description:
        'The same events as the webhooks carry, in commit order, to pull instead of, or after missing, ' +
        'pushes. Keep the `cursor` of the last event that you worked off and ask on with `after`: no ' +
        'event is skipped, not even one whose transaction commits late.',
      responses: { 200: { description: 'One page.', schema: successBody(eventPage) } },
    },
    handle: async ({ organizationId, query }) =>
      success('Events', await events.list(organizationId, query)),
  });
}
