import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type OperatorSubject, recordAudit } from '../../audit/record-audit.ts';
import { isUuid } from '../../lib/uuid.ts';
import { readSession } from '../../operators/console-sessions.ts';
import type { TlsFiles } from '../../process/tls-files.ts';
import { withTimeout } from '../../storage/database.ts';
import type { FailedAttempts } from '../edge/failed-attempts.ts';
import { keepForwardedAddresses } from '../edge/forwarded-headers.ts';
import { stopInTime } from '../edge/graceful-stop.ts';
import { refuseForeignHosts } from '../edge/local-hosts.ts';
import { ROUTER_OPTIONS } from '../edge/router-options.ts';
import { securityHeaders, setOnEveryResponse } from '../edge/security-headers.ts';
import { renewCertificate, serverOptions } from '../edge/tls.ts';
import { addAssets } from './assets.ts';
import type { ConsoleDependencies } from './dependencies.ts';
import { auditResultOf, failureOf } from './failures.tsx';
import { addLiveChanges } from './live.ts';
import { addLogin } from './login.tsx';
import { ForeignFormError, includesRole, type Page, RoleError, type Visit } from './page.ts';
import { pages } from './pages.ts';
import { sendView } from './send-view.ts';
import { csrfToken, isOwnForm, sessionSecret } from './session-cookie.ts';

/** The views of all sessions that the console remembers, about 200 bytes each. */
const MOST_RECORDED = 10_000;
/** The largest form: a hundred orders with a reason are smaller. */
const BODY_LIMIT = 64 * 1024;
/**
 * Pages load files of this server only: no inline script or style, no other host. The order page shows a document of
 * this server in a frame.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types console',
].join('; ');

/** How operators reach the console. */
export interface ConsoleOptions {
  /** The URL that operators use. */
  readonly url: string;
  readonly tls?: TlsFiles | undefined;
  readonly trustedProxies?: readonly string[];
  /** True when browsers are on this machine only: other hosts are refused. */
  readonly onlyLocalHosts?: boolean;
  readonly failedLogins: FailedAttempts;
}

/** Creates the operators' console. The caller starts to listen. @throws {ConfigError} the certificate files cannot be used. */
export function createConsole(
  dependencies: ConsoleDependencies,
  options: ConsoleOptions,
): FastifyInstance {
  const { url, tls, trustedProxies = [] } = options;
  const { log } = dependencies;
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: ROUTER_OPTIONS,
    frameworkErrors: (error, request, reply) => {
      sendFailure(error, request, reply);
    },
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    ...serverOptions({}, tls),
  });
  setOnEveryResponse(app.server, {
    ...securityHeaders(url, tls !== undefined),
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'cross-origin-opener-policy': 'same-origin',
    // With `no-referrer`, browsers would send `Origin: null` with our own forms.
    'referrer-policy': 'same-origin',
  });
  if (trustedProxies.length > 0) keepForwardedAddresses(app.server, { keepScheme: true });
  if (tls !== undefined) renewCertificate(app, tls, log);
  if (options.onlyLocalHosts) refuseForeignHosts(app, new URL(url).hostname);
  stopInTime(app, log);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, text, done) => done(null, new URLSearchParams(String(text))),
  );
  app.setErrorHandler((error, request, reply) => sendFailure(error, request, reply));
  app.setNotFoundHandler((request, reply) => sendFailure({ statusCode: 404 }, request, reply));
  app.addHook('preHandler', async (request) => refuseNul(request));
  app.addHook('onResponse', async (request, reply) => {
    // The pattern, not the URL: queries contain what an operator searched for.
    const route = request.routeOptions.url ?? 'unknown';
    log.info('request', { method: request.method, route, status: reply.statusCode });
  });
  app.get('/healthz', async () => ({ status: 'ok' }));
  addAssets(app);
  addLogin(app, dependencies, options.failedLogins);
  addLiveChanges(app, dependencies);
  const recorded = new Set<string>();
  for (const page of pages(dependencies)) addPage(app, page, dependencies, recorded);
  return app;

  function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { status, view, retryAfter } = failureOf(error, request, log);
    if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter));
    return sendView(reply.code(status), view, log);
  }
}

/** Postgres stores no NUL in a text, so nothing has a name or an id with one. */
function refuseNul({ url, body }: FastifyRequest): void {
  const form = body instanceof URLSearchParams ? body.toString() : '';
  if (url.includes('%00') || form.includes('%00')) {
    throw Object.assign(new Error('the request contains NUL'), { statusCode: 400 });
  }
}

/**
 * Adds a page.
 *
 * @param recorded what the audit log has of each session: a page that loads itself again is not recorded again.
 */
function addPage(
  app: FastifyInstance,
  page: Page,
  { database, readMark, log }: ConsoleDependencies,
  recorded: Set<string>,
): void {
  app.route({
    method: page.method,
    url: page.url,
    async handler(request, reply) {
      const secret = sessionSecret(request);
      // Live updates of an open page must not keep a session open for ever.
      const isLive = request.headers['x-live'] !== undefined;
      const user = secret && (await withTimeout(readSession(database, secret, !isLive)));
      if (!secret || !user) return await askToLogIn(request, reply);
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      if (page.method === 'POST' && !isOwnForm(request, secret, form)) {
        throw new ForeignFormError();
      }
      const params = request.params as Readonly<Record<string, string>>;
      let subject = subjectOf(params);
      const visit: Visit = {
        user,
        by: {
          ...{ actorKind: 'operator', actor: user.operator, source: request.ip },
          requestId: subject.requestId,
        },
        csrf: csrfToken(secret),
        params,
        query: new URLSearchParams(request.url.split('?')[1] ?? ''),
        ...{ form, request, reply },
        about: (named) => {
          subject = { ...subject, ...named };
        },
      };
      const record = async (result: string) => {
        const action = actionOf(page.audit, result);
        if (action === undefined) return;
        const entry = { ...visit.by, ...subject, action, result };
        await withTimeout(recordAudit(database, entry));
      };
      const act = async () => {
        if (!includesRole(user.role, page.role)) throw new RoleError(page.role);
        return await page.handle(visit);
      };
      // Read before the page's content, so that a change in between loads the page again.
      const mark = page.method === 'GET' ? await readMark() : undefined;
      const answer = await act().catch(async (error: unknown) => {
        await record(auditResultOf(error));
        throw error;
      });
      const view = `${visit.csrf} ${request.url}`;
      // What shows patient data never loads itself again.
      const isRepeated = isLive && page.method === 'GET' && !('send' in answer);
      if (!isRepeated || !recorded.has(view)) await record('OK');
      remember(recorded, view);
      if ('send' in answer) return answer.send();
      if ('redirectTo' in answer) return reply.redirect(answer.redirectTo, 303);
      const frame = { path: request.url.split('?')[0] ?? '/', user, csrf: visit.csrf, mark };
      return sendView(reply, answer, log, frame);
    },
  });
}

/** What a path names, for the audit log. Somebody can type any text as an id: only those of our own form are recorded. */
function subjectOf(params: Readonly<Record<string, string>>): OperatorSubject {
  const { orderId = '', endpointId = '', deliveryId = '', documentId = '' } = params;
  return {
    ...(isUuid(orderId) && { orderId }),
    ...(isUuid(endpointId) && { requestId: `endpoint/${endpointId}` as const }),
    ...(isUuid(deliveryId) && { requestId: `delivery/${deliveryId}` as const }),
    ...(isUuid(documentId) && { requestId: `document/${documentId}` as const }),
  };
}

/** What the audit log calls a visit with this result; undefined: it gets no row. */
function actionOf(audit: Page['audit'], result: string): string | undefined {
  if (typeof audit === 'string') return audit;
  return result === 'FORBIDDEN' ? audit.refused : undefined;
}

/** Adds a view to those that are recorded, and forgets the oldest when there are too many. */
function remember(recorded: Set<string>, view: string): void {
  recorded.delete(view);
  recorded.add(view);
  const [oldest] = recorded;
  if (recorded.size > MOST_RECORDED && oldest !== undefined) recorded.delete(oldest);
}

/**
 * Sends somebody without a session to the login page. A link on another site brings no `SameSite=Strict` cookie along:
 * the page then asks the browser to come again from this site.
 */
async function askToLogIn(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const isForeign = request.headers['sec-fetch-site'] === 'cross-site';
  if (isForeign && request.method === 'GET') {
    return reply.header('refresh', '0').type('text/html; charset=utf-8').send('');
  }
  return reply.redirect('/login', 303);
}
