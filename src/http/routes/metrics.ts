import { z } from 'zod';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `GET /metrics`, for Prometheus. No label names an organization, a case or an order. */
export function metrics({ metrics, readMetrics }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/metrics',
    auth: 'none',
    audit: { none: 'no patient data' },
    doc: {
      operationId: 'metrics',
      tag: 'Operation',
      summary: 'Metrics for Prometheus',
      description:
        'Requests by route pattern, method and status; webhooks of pharmacies; the pool of connections to ' +
        'Postgres; the process itself. A worker serves its own page (docs/observability.md).',
      responses: {
        200: {
          description: 'The metrics in Prometheus’ text format.',
          contentType: 'text/plain',
          schema: z.string(),
        },
      },
    },
    handle: async ({ reply }) =>
      reply.header('content-type', metrics.contentType).send(await readMetrics()),
  });
}
