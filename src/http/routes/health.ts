import { z } from 'zod';
import { failure, failureBody, success, successBody } from '../../contract/envelope.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

const word = z.enum(['up', 'down']);
const parts = z.object({ postgres: word, temporal: word });

/** `GET /healthz`: the process answers. */
export function health(): Route {
  return defineRoute({
    method: 'GET',
    url: '/healthz',
    auth: 'none',
    audit: { none: 'no patient data' },
    doc: {
      operationId: 'health',
      tag: 'Operation',
      summary: 'Whether the process answers',
      responses: { 200: { description: 'It does.', schema: successBody(z.object({})) } },
    },
    handle: async () => success('OK', {}),
  });
}

/**
 * `GET /readyz`: what the server stands on, each named. Without Postgres it is not ready (503).
 * Without Temporal it is: orders are accepted and start when Temporal is back, so that a load
 * balancer must not take the server out.
 */
export function readiness({ orders, checkTemporal }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/readyz',
    auth: 'none',
    audit: { none: 'no patient data' },
    doc: {
      operationId: 'readiness',
      tag: 'Operation',
      summary: 'What the server stands on',
      responses: {
        200: { description: 'Orders are accepted.', schema: successBody(parts) },
        503: {
          description: 'Postgres is away.',
          schema: failureBody.extend({ data: parts }).meta({ id: 'NotReady' }),
        },
      },
    },
    async handle({ reply }) {
      const [postgres, temporal] = await Promise.all([
        isUp(() => orders.check()),
        isUp(checkTemporal),
      ]);
      const data = { postgres: wordFor(postgres), temporal: wordFor(temporal) };
      if (postgres) return success(temporal ? 'Ready' : 'Ready, Temporal is away', data);
      return reply
        .code(503)
        .header('retry-after', '2')
        .send({ ...failure(503, 'not ready'), data });
    },
  });
}

async function isUp(check: () => Promise<void>): Promise<boolean> {
  return await check().then(
    () => true,
    () => false,
  );
}

function wordFor(up: boolean): 'up' | 'down' {
  return up ? 'up' : 'down';
}
