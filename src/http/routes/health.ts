import { z } from 'zod';
import { failure, failureBody, success, successBody } from '../../contract/envelope.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

const state = z.enum(['up', 'down']);
const dependencies = z.object({
  postgres: state,
  schema: z.enum(['current', 'outdated', 'unknown']),
  temporal: state,
  documents: state,
});

/** `GET /healthz`: responds while the process runs. */
export function health(): Route {
  return defineRoute({
    method: 'GET',
    url: '/healthz',
    auth: 'none',
    audit: { none: 'no patient data' },
    doc: {
      operationId: 'health',
      tag: 'Operation',
      summary: 'Check that the process responds',
      responses: {
        200: { description: 'The process responds.', schema: successBody(z.object({})) },
      },
    },
    handle: async () => success('OK', {}),
  });
}

/**
 * `GET /readyz`: the state of the server's dependencies. Without Postgres, the server is not ready
 * (503), nor with a schema that lacks migrations. Without Temporal or the store of documents, it is ready: it accepts
 * orders, which start and get their documents when these are reachable again, so a load balancer must not remove the
 * server.
 */
export function readiness({ readReadiness }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/readyz',
    auth: 'none',
    audit: { none: 'no patient data' },
    doc: {
      operationId: 'readiness',
      tag: 'Operation',
      summary: 'Check the server’s dependencies',
      responses: {
        200: { description: 'The server accepts orders.', schema: successBody(dependencies) },
        503: {
          description: 'Postgres is unreachable, or its schema lacks migrations.',
          schema: failureBody.extend({ data: dependencies }).meta({ id: 'NotReady' }),
        },
      },
    },
    async handle({ reply }) {
      const { postgres, schema, temporal, documents } = await readReadiness();
      const data = {
        postgres: stateOf(postgres),
        schema: schema ? 'current' : postgres ? 'outdated' : 'unknown',
        temporal: stateOf(temporal),
        documents: stateOf(documents),
      } as const;
      if (postgres && schema) {
        const away = [temporal ? [] : 'Temporal', documents ? [] : 'the store of documents'].flat();
        return success(away.length === 0 ? 'Ready' : `Ready, without ${away.join(' and ')}`, data);
      }
      return reply
        .code(503)
        .header('retry-after', '2')
        .send({ ...failure(503, 'not ready'), data });
    },
  });
}

function stateOf(up: boolean): 'up' | 'down' {
  return up ? 'up' : 'down';
}
