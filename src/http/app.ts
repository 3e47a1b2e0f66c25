import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type onRequestHookHandler,
} from 'fastify';
import { failure } from '../contract/envelope.ts';
import { type Parsed, parseBody } from '../contract/validation.ts';
import type { Log } from '../process/log.ts';
import type { TlsFiles } from '../process/tls-files.ts';
import { auditRequest } from './audit.ts';
import { authenticateRequest, organizationWith } from './authentication.ts';
import { keepForwardedAddresses } from './edge/forwarded-headers.ts';
import { stopInTime } from './edge/graceful-stop.ts';
import { refuseForeignHosts } from './edge/local-hosts.ts';
import {
  answerExpectation,
  keepUnanswered,
  malformedRequestHandler,
} from './edge/malformed-requests.ts';
import { ROUTER_OPTIONS } from './edge/router-options.ts';
import { securityHeaders, setOnEveryResponse } from './edge/security-headers.ts';
import { disconnectSlowReaders, type ReadingLimits } from './edge/slow-readers.ts';
import { renewCertificate, serverOptions } from './edge/tls.ts';
import { createErrorHandler } from './errors/error-responses.ts';
import { InvalidRequestError } from './errors/http-errors.ts';
import type { HttpMetrics } from './metrics.ts';
import { chargeResponses, readJsonBodies, refuseEncodedBody } from './request-body.ts';
import type { Route, RouteDependencies } from './route.ts';
import { routes } from './routes.ts';
import { traceRequests } from './trace-requests.ts';

/** The largest request body: 1 MiB (docs/place-order.md, "Decided"). */
const BODY_LIMIT = 1024 * 1024;

/** A client that sends its request more slowly gets 408, so that it cannot hold a connection. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How often Node checks the two limits. Its default of 30 s would more than double them. */
const CHECKING_INTERVAL_MS = 1_000;

/** How clients reach the API. */
export interface AppOptions {
  /** The URL that organizations use. */
  readonly publicUrl: string;
  /** How slowly clients may read responses. */
  readonly slowReaders: ReadingLimits;
  /** The certificate. Without it, the server speaks plain HTTP. */
  readonly tls?: TlsFiles | undefined;
  /** Addresses and CIDR ranges of the trusted proxies. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Which routes the app has. Default: all. */
  readonly serves?: (route: Route) => boolean;
  /** True in the sandbox: only this machine's names and the host of the public URL are served. */
  readonly onlyLocalHosts?: boolean | undefined;
}

/**
 * Creates the HTTP API. The caller starts to listen.
 *
 * @throws {ConfigError} the certificate files cannot be used.
 */
export function createApp(
  dependencies: RouteDependencies,
  log: Log,
  options: AppOptions,
): FastifyInstance {
  const { publicUrl, tls, trustedProxies = [], serves = () => true } = options;
  const headers = securityHeaders(publicUrl, tls !== undefined);
  const handleError = createErrorHandler(log);
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // Fastify's own 503 on a kept-alive connection lacks our envelope, so `stopInTime` sends it.
    return503OnClosing: false,
    routerOptions: ROUTER_OPTIONS,
    clientErrorHandler: malformedRequestHandler(headers),
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    ...serverOptions(
      {
        // Node would refuse the request without a body; `refuseWithoutHost` says why it is refused.
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

  // Node would drop every header after the 2,000th, perhaps the API key. Their size limits them.
  app.server.maxHeadersCount = 0;
  app.server.on('checkExpectation', answerExpectation);
  keepUnanswered(app.server);
  setOnEveryResponse(app.server, headers);
  if (trustedProxies.length > 0) keepForwardedAddresses(app.server);
  if (tls !== undefined) renewCertificate(app, tls, log);
  app.addHook('onRequest', refuseWithoutHost);
  if (options.onlyLocalHosts) refuseForeignHosts(app, new URL(publicUrl).hostname);
  stopInTime(app, log);
  disconnectSlowReaders(app, log, options.slowReaders);

  readJsonBodies(app);
  chargeResponses(app);
  app.decorateRequest('caller', null);
  app.decorateRequest('orderId', null);
  app.decorateRequest('caseId', null);
  app.decorateRequest('audit', null);
  app.decorateRequest('linked', null);
  app.setErrorHandler(handleError);
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(failure(404, 'no such route')));
  traceRequests(app);
  reportResponses(app, log, dependencies.metrics);

  const table = routes(dependencies).filter(serves);
  for (const route of table) addRoute(app, route, dependencies, log);
  for (const url of new Set(table.map((route) => route.url))) refuseOtherMethods(app, table, url);
  return app;
}

/** Answers an HTTP/1.1 request without `Host` with 400 (RFC 9112, 3.2). */
const refuseWithoutHost: onRequestHookHandler = (request, reply, done) => {
  if (request.raw.httpVersion !== '1.1' || request.headers.host !== undefined) return done();
  const message = 'Host is required';
  reply.code(400).send(failure(400, message, [{ path: 'host', message }]));
};

function addRoute(
  app: FastifyInstance,
  route: Route,
  { orders, keyFailures, knownKeys, recordAudit }: RouteDependencies,
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
      scope.addHook('onRequest', authenticateRequest(orders, { keyFailures, knownKeys }));
    const { audit } = route;
    if (typeof audit !== 'object') {
      scope.addHook('onSend', auditRequest(route, audit, recordAudit, log));
    }
    if (route.body !== undefined) scope.addHook('preParsing', refuseEncodedBody);
    scope.route({ method: route.method, url: route.url, handler: handlerOf(route) });
  });
}

/** Checks a request against the route's schemas, then the key's scope, and calls the handler. */
function handlerOf(route: Route): (request: FastifyRequest, reply: FastifyReply) => unknown {
  const { auth, body } = route;
  return (request, reply) => {
    const call = {
      params: route.params === undefined ? {} : checked(parseBody(route.params, request.params)),
      query: route.query === undefined ? {} : checked(parseBody(route.query, request.query)),
      body: typeof body === 'object' ? checked(body.parse(request.body, request)) : undefined,
      // After the checks of the request itself (docs/api.md, "The order of checks").
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

/** Answers a known path with another method with a 405 that lists the methods (RFC 9110, 15.5.6). */
function refuseOtherMethods(app: FastifyInstance, table: readonly Route[], url: string): void {
  const routed = new Set<string>(
    table.filter((route) => route.url === url).map((route) => route.method),
  );
  if (routed.has('GET')) routed.add('HEAD'); // Fastify serves it from the GET route
  app.route({
    method: METHODS.filter((method) => !routed.has(method)),
    url,
    // Before a body is read, so that its type does not decide the response.
    onRequest: async (_request, reply) =>
      reply
        .code(405)
        .header('allow', [...routed].join(', '))
        .send(failure(405, 'method not allowed')),
    handler: async () => undefined,
  });
}

/** Counts each answered request, and writes its log line. */
function reportResponses(app: FastifyInstance, log: Log, metrics: HttpMetrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const { url: route } = request.routeOptions;
    const { statusCode: status, elapsedTime } = reply;
    log.info('request', {
      requestId: request.id,
      method,
      // The pattern, not the URL: a caller may have put patient data into the URL.
      route: route ?? 'unknown',
      status,
      durationMs: Math.round(elapsedTime),
      ...(request.caller ? { organizationId: request.caller.organizationId } : {}),
      ...(request.orderId ? { orderId: request.orderId } : {}),
    });
    metrics.observe({ method, route, status, seconds: elapsedTime / 1_000 });
    done();
  });
}
