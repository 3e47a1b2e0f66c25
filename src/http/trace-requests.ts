import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isTracing, openSpan } from '../tracing/tracer.ts';

/** Routes that monitors call all the time. */
const UNTRACED: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz', '/metrics']);

/** Makes each request a span, in the trace that its client began (`traceparent`). Does nothing while tracing is off. */
export function traceRequests(app: FastifyInstance): void {
  if (!isTracing()) return;
  const spans = new WeakMap<FastifyRequest, ReturnType<typeof openSpan>>();
  app.addHook('onRequest', (request, _reply, done) => {
    if (UNTRACED.has(request.routeOptions.url)) return done();
    const { traceparent } = request.headers;
    spans.set(
      request,
      openSpan('server', typeof traceparent === 'string' ? traceparent : undefined),
    );
    done();
  });
  // After the body has been read, whose events come from the connection and not from this request.
  app.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request);
    if (span === undefined) done();
    else span.run(done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply;
    const route = request.routeOptions.url ?? 'unknown';
    spans.get(request)?.end(
      `${request.method} ${route}`,
      {
        // The pattern, not the URL: a caller may have put patient data into the URL.
        'http.request.method': request.method,
        'http.route': route,
        'http.response.status_code': statusCode,
        ...(request.orderId ? { 'rx.order.id': request.orderId } : {}),
      },
      statusCode >= 500 ? `HTTP_${statusCode}` : undefined,
    );
    done();
  });
}
