import { failure, success } from '../../contract/envelope.ts';
import type { Route, RouteDependencies } from '../route.ts';

/**
 * `GET /readyz`: what the server stands on, each named. Without Postgres it is not ready (503).
 * Without Temporal it is: orders are accepted and start when Temporal is back, so that a load
 * balancer must not take the server out.
 */
export function readiness({ orders, checkTemporal }: RouteDependencies): Route {
  return {
    method: 'GET',
    url: '/readyz',
    auth: 'none',
    async handle(_request, reply) {
      const [postgres, temporal] = await Promise.all([
        isUp(() => orders.check()),
        isUp(checkTemporal),
      ]);
      const data = { postgres: word(postgres), temporal: word(temporal) };
      if (postgres) return success(temporal ? 'Ready' : 'Ready, Temporal is away', data);
      return reply
        .code(503)
        .header('retry-after', '2')
        .send({ ...failure(503, 'not ready'), data });
    },
  };
}

async function isUp(check: () => Promise<void>): Promise<boolean> {
  return await check().then(
    () => true,
    () => false,
  );
}

function word(up: boolean): 'up' | 'down' {
  return up ? 'up' : 'down';
}
