import Fastify, { type FastifyInstance } from 'fastify';
import { failure } from '../contract/envelope.ts';
import type { Log } from '../log.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { authenticateRequest } from './caller.ts';
import { createErrorMapper } from './error-mapper.ts';
import type { Route, RouteDependencies } from './route.ts';
import { routes } from './routes.ts';

/** 1 MiB (contract, "Decided"). */
const BODY_LIMIT = 1024 * 1024;

/** The HTTP interface on what it serves from. Listening is the caller's. */
export function createApp(dependencies: RouteDependencies, log: Log): FastifyInstance {
  const mapError = createErrorMapper(log);
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 512 },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => {
      mapError(error, request, reply);
    },
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    // Unknown fields are ignored, whatever their names: `__proto__` is taken out, not refused.
    app.getDefaultJsonParser('remove', 'ignore'),
  );
  app.decorateRequest('caller', null);
  app.setErrorHandler(mapError);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(failure(404, 'no such route')));
  logRequests(app, log);

  const table = routes(dependencies);
  for (const route of table) addRoute(app, route, dependencies);
  for (const url of new Set(table.map((route) => route.url))) refuseOtherMethods(app, table, url);
  return app;
}

function addRoute(app: FastifyInstance, route: Route, { orders }: RouteDependencies): void {
  app.register(async (scope) => {
    if (route.body === 'raw') {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser(
        '*',
        { parseAs: 'buffer' },
        async (_: unknown, body: Buffer) => body,
      );
    }
    if (route.auth === 'api-key') scope.addHook('onRequest', authenticateRequest(orders));
    scope.route({ method: route.method, url: route.url, handler: route.handle });
  });
}

/** A known path with another method is a 405 that names the right ones (RFC 9110, 15.5.6). */
function refuseOtherMethods(app: FastifyInstance, table: readonly Route[], url: string): void {
  const allowed = table.filter((route) => route.url === url).map((route) => route.method);
  if (allowed.includes('GET')) allowed.push('HEAD' as never);
  app.route({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter(
      (method) => !(allowed as string[]).includes(method),
    ),
    url,
    // Before a body is read: its type must not decide the answer.
    onRequest: async (_request, reply) =>
      reply.code(405).header('allow', allowed.join(', ')).send(failure(405, 'method not allowed')),
    handler: async () => undefined,
  });
}

function logRequests(app: FastifyInstance, log: Log): void {
  app.addHook('onResponse', async (request, reply) => {
    log.info('request', {
      requestId: request.id,
      method: request.method,
      // The pattern, not the URL: what callers put into URLs is not ours to log.
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
      ...(request.caller ? { organizationId: request.caller.organizationId } : {}),
    });
  });
}
