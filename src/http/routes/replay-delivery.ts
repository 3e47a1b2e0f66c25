import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import { deliveryView } from '../../contract/webhook-delivery.ts';
import { auditSourceOf } from '../audit.ts';
import { endpointConflict, NOT_FOUND, pruned } from '../openapi/responses.ts';
import { deliveryParams } from '../params.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `POST /api/v1/webhook-deliveries/:deliveryId/replay` */
export function replayDelivery({ endpoints }: RouteDependencies): Route {
  return defineRoute({
    method: 'POST',
    url: '/api/v1/webhook-deliveries/:deliveryId/replay',
    auth: 'webhooks:manage',
    audit: 'DELIVERY_REPLAYED',
    params: deliveryParams,
    doc: {
      operationId: 'replayWebhookDelivery',
      tag: 'Notifications',
      summary: 'Send a delivery again',
      description:
        'Keeps the `webhook-id`. A delivery that has ended starts again with all its attempts; an open ' +
        'delivery is due now.',
      responses: {
        200: {
          description: 'The delivery, which is due now.',
          schema: successBody(z.object({ delivery: deliveryView })),
        },
        404: NOT_FOUND,
        409: endpointConflict(
          'The delivery was cancelled, it is a PING, or its endpoint is not `ENABLED`.',
          'ENDPOINT_NOT_ENABLED',
          'the endpoint is PAUSED',
        ),
        410: pruned(
          'Deliveries of the time in the id are no longer kept.',
          'DELIVERY_PRUNED',
          'deliveries of that time are no longer kept; GET /api/v1/events has the events that are',
        ),
      },
    },
    async handle({ params, organizationId, request }) {
      const { deliveryId } = params;
      const delivery = await endpoints.replay(organizationId, deliveryId, auditSourceOf(request));
      request.audit = 'recorded';
      return success('Webhook delivery is due', { delivery });
    },
  });
}
