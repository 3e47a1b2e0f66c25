import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { failure } from '../contract/envelope.ts';
import { type Parsed, parseBody } from '../contract/validation.ts';
import type { Log } from '../process/log.ts';
import type { TlsFiles } from '../process/tls-files.ts';
import { auditRequest } from './audit.ts';
import { authenticateRequest, organizationWith } from './authentication.ts';
import { keepForwardedAddresses } from './edge/forwarded-headers.ts';
import { stopInTime } from './edge/graceful-stop.ts';
import {
  answerExpectation,
  keepUnanswered,
  malformedRequestHandler,
} from './edge/malformed-requests.ts';
import { securityHeaders, setOnEveryAnswer } from './edge/security-headers.ts';
import { renewCertificate, serverOptions } from './edge/tls.ts';
import { createErrorHandler } from './errors/error-responses.ts';
import { InvalidRequestError } from './errors/http-errors.ts';
import type { HttpMetrics } from './metrics.ts';
import { readJsonBodies, refuseCodedBody } from './request-body.ts';
import type { Route, RouteDependencies } from './route.ts';
import { routes } from './routes.ts';

/** 1 MiB (contract, "Decided"). */
const BODY_LIMIT = 1024 * 1024;

/** Node refuses longer request heads, in bytes (its `--max-http-header-size`). */
const MAX_URL_LENGTH = 16 * 1024;

/** A client that sends its request slower than this gets 408: it holds a connection for nothing. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How often the two are looked at; Node's own half a minute would more than double them. */
const CHECKING_INTERVAL_MS = 1_000;

/** How the interface is reached. */
export interface AppOptions {
  /** Where organizations reach it. */
  readonly publicUrl: string;
  /** Its certificate; undefined: plain HTTP. */
  readonly tls?: TlsFiles | undefined;
  /** Addresses and CIDR ranges of the proxies that are believed; none by default. */
  readonly trustedProxies?: readonly string[];
}

/**
 * The HTTP interface on what it serves from. Listening is the caller's.
 *
 * @throws {ConfigError} the files of the certificate cannot be used.
 */
export function createApp(
  dependencies: RouteDependencies,
  log: Log,
  { publicUrl, tls, trustedProxies = [] }: AppOptions,
): FastifyInstance {
  const headers = securityHeaders(publicUrl, tls !== undefined);
  const handleError = createErrorHandler(log);
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // Its answer to a request on a kept connection is none of ours; `stopInTime` has one.
    return503OnClosing: false,
    // As long as a URL can get: a long id is an unknown one, not an error of its own.
    routerOptions: { maxParamLength: MAX_URL_LENGTH },
    clientErrorHandler: malformedRequestHandler(headers),
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    ...serverOptions(
      {
        // Node would refuse it without a body; `refuseWithoutHost` says why.
        requireHostHeader: false,
        headersTimeout: HEADERS_TIMEOUT_MS,
        connectionsCheckingInterval: CHECKING_INTERVAL_MS,
      },
      tls,
    ),
    frameworkErrors: (error, request, reply) => {
      handleError(error, request, reply);
    },
  });

  // Node would leave out what is beyond 2,000, the API key too; their size is what limits them.
  app.server.maxHeadersCount = 0;
  app.server.on('checkExpectation', answerExpectation);
  keepUnanswered(app.server);
  setOnEveryAnswer(app.server, headers);
  if (trustedProxies.length > 0) keepForwardedAddresses(app.server);
  if (tls !== undefined) renewCertificate(app, tls, log);
  app.addHook('onRequest', refuseWithoutHost);
  stopInTime(app, log);

  readJsonBodies(app);
  app.decorateRequest('caller', null);
  app.decorateRequest('orderId', null);
  app.decorateRequest('audit', null);
  app.setErrorHandler(handleError);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(failure(404, 'no such route')));
  logRequests(app, log);
  countRequests(app, dependencies.metrics);

  const table = routes(dependencies);
  for (const route of table) addRoute(app, route, dependencies, log);
  for (const url of new Set(table.map((route) => route.url))) refuseOtherMethods(app, table, url);
  return app;
}

/** HTTP/1.1 requires the header (RFC 9112, 3.2). */
async function refuseWithoutHost(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.raw.httpVersion !== '1.1' || request.headers.host !== undefined) return;
  const message = 'Host is required';
  await reply.code(400).send(failure(400, message, [{ path: 'host', message }]));
}

function addRoute(
  app: FastifyInstance,
  route: Route,
  { orders, failedAttempts, recordAudit }: RouteDependencies,
  log: Log,
): void {
  app.register(async (scope) => {
    if (route.body === 'raw') {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser(
        '*',
        { parseAs: 'buffer' },
        async (_: unknown, body: Buffer) => body,
      );
    }
    if (route.auth !== 'none')
      scope.addHook('onRequest', authenticateRequest(orders, failedAttempts));
    const { audit } = route;
    if (typeof audit !== 'object') {
      scope.addHook('onSend', auditRequest(route, audit, recordAudit, log));
    }
    if (route.body !== undefined) scope.addHook('preParsing', refuseCodedBody);
    scope.route({ method: route.method, url: route.url, handler: handlerOf(route) });
  });
}

/** Checks a request by the route's schemas, then the key's scope, and hands it over. */
function handlerOf(route: Route): (request: FastifyRequest, reply: FastifyReply) => unknown {
  const { auth, body } = route;
  return (request, reply) => {
    const call = {
      params: route.params === undefined ? {} : checked(parseBody(route.params, request.params)),
      query: route.query === undefined ? {} : checked(parseBody(route.query, request.query)),
      body: typeof body === 'object' ? checked(body.parse(request.body)) : undefined,
      // After the checks of what was sent (contract, "The order of checks").
      organizationId: auth === 'none' ? '' : organizationWith(request, auth),
    };
    return route.handle({ ...call, request, reply });
  };
}

function checked<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new InvalidRequestError(parsed.errors);
  return parsed.value;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const;

/** A known path with another method is a 405 that names the right ones (RFC 9110, 15.5.6). */
function refuseOtherMethods(app: FastifyInstance, table: readonly Route[], url: string): void {
  const routed = new Set<string>(
    table.filter((route) => route.url === url).map((route) => route.method),
  );
  if (routed.has('GET')) routed.add('HEAD'); // Fastify answers it by the GET
  app.route({
    method: METHODS.filter((method) => !routed.has(method)),
    url,
    // Before a body is read: its type must not decide the answer.
    onRequest: async (_request, reply) =>
      reply
        .code(405)
        .header('allow', [...routed].join(', '))
        .send(failure(405, 'method not allowed')),
    handler: async () => undefined,
  });
}

function countRequests(app: FastifyInstance, metrics: HttpMetrics): void {
  app.addHook('onResponse', async (request, reply) => {
    metrics.observe({
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1_000,
    });
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
      ...(request.orderId ? { orderId: request.orderId } : {}),
    });
  });
}
