import { timingSafeEqual } from 'node:crypto';
import type { PayloadCodec } from '@temporalio/common';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { keyedHash } from '../../keys/keyed-hash.ts';
import { isLocalHost } from '../../lib/local-host.ts';
import type { Log } from '../../process/log.ts';
import type { TlsFiles } from '../../process/tls-files.ts';
import { type FailedAttempts, FailedAttemptsError } from '../edge/failed-attempts.ts';
import { keepForwardedAddresses } from '../edge/forwarded-headers.ts';
import { refuseForeignHosts } from '../edge/local-hosts.ts';
import { renewCertificate, serverOptions } from '../edge/tls.ts';
import { createSessions, loginPage, SESSION_SECONDS } from './login.ts';
import { createOriginCheck } from './ui-origin.ts';

/** The largest request body; one page of a workflow history is smaller. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
/**
 * The name of the session's cookie over plain HTTP and over HTTPS. Browsers accept `__Host-` only from this
 * host over HTTPS, so a page of a neighbouring host cannot plant a session (RFC 6265bis, 4.1.3.2).
 */
const COOKIES = { http: 'codec_session', https: '__Host-codec_session' };

/** Bytes in base64, as Temporal's UI and CLI send them (docs.temporal.io, "Codec Server"). */
const base64 = z.base64().transform((text) => Buffer.from(text, 'base64'));
const bodySchema = z.object({
  payloads: z
    .array(
      z.object({
        metadata: z.record(z.string(), base64).default({}),
        data: base64.default(Buffer.alloc(0)),
      }),
    )
    .default([]), // Temporal omits an empty list
});

/** The settings and services of a codec server. */
export interface CodecServerOptions {
  readonly codec: PayloadCodec;
  /** The operators' secret. Its holder can read payloads in clear text. */
  readonly token: string;
  /** The Temporal UI's origin. Only its pages may send requests; see {@link createOriginCheck}. */
  readonly uiOrigin: string;
  /**
   * `none`: pages of the Temporal UI need no login if browser, UI and codec server run on one machine. The
   * server then refuses requests for other hosts, and other clients still need the token. Default: `required`.
   */
  readonly login?: 'required' | 'none';
  readonly failedAttempts: FailedAttempts;
  /** The certificate. Without it, the server speaks plain HTTP. */
  readonly tls?: TlsFiles | undefined;
  /** Addresses and CIDR ranges of the trusted proxies. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** True when browsers reach the server and the UI on this machine only: other hosts are refused. */
  readonly onlyLocalHosts?: boolean;
  /** Called for each answer; `route` is a pattern. */
  readonly onAnswer?: (route: string | undefined, status: number) => void;
  readonly log: Log;
  /** The current time in milliseconds since 1970, for the end of a session. */
  readonly now?: () => number;
}

/**
 * Creates the codec server, which decrypts payloads for operators. The Temporal UI authenticates with
 * the session that `/login` starts, the `temporal` CLI with the token. The server stores and logs no
 * payload.
 */
export function createCodecServer(options: CodecServerOptions): FastifyInstance {
  const { codec, token, uiOrigin, failedAttempts, tls, trustedProxies = [], log } = options;
  const { login = 'required', now = Date.now } = options;
  const isUi = createOriginCheck(uiOrigin);
  const sessions = createSessions(token, now);
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 10_000,
    connectionTimeout: 10_000,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    ...serverOptions({}, tls),
  });
  if (trustedProxies.length > 0) keepForwardedAddresses(app.server, { keepScheme: true });
  if (options.onlyLocalHosts || login === 'none') refuseForeignHosts(app);
  if (tls !== undefined) renewCertificate(app, tls, log);

  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      vary: 'origin',
    });
    const { origin } = request.headers;
    if (origin !== undefined && isUi(origin)) {
      void reply.headers({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-allow-headers': 'authorization, content-type, x-namespace',
        'access-control-allow-methods': 'POST',
      });
    }
  });

  app.addHook('onResponse', async (request, reply) => {
    options.onAnswer?.(request.routeOptions.url, reply.statusCode);
  });

  for (const [route, convert] of [
    ['/encode', codec.encode.bind(codec)],
    ['/decode', codec.decode.bind(codec)],
  ] as const) {
    app.options(route, async (_request, reply) => reply.code(204).send());
    // Before the body is read: a stranger's megabytes are not parsed.
    const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
      if (!isAllowed(request)) await refuse(reply, 401, 'log in at /login, or send the token');
    };
    app.post(route, { onRequest }, async (request, reply) => {
      const body = bodySchema.safeParse(request.body);
      if (!body.success) return refuse(reply, 400, 'payloads must be a list of payloads');
      try {
        return { payloads: (await convert(body.data.payloads)).map(toJson) };
      } catch (error) {
        // The codec's messages name a key or report an altered payload, and never contain a value.
        return refuse(reply, 422, error instanceof Error ? error.message : 'not readable');
      }
    });
  }

  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 4_096 },
    (_request, text, done) => done(null, new URLSearchParams(String(text))),
  );
  app.get('/login', async (request, reply) => {
    const state = login === 'none' ? 'unneeded' : isAllowed(request) ? 'in' : 'out';
    return reply.type('text/html; charset=utf-8').send(loginPage(state));
  });
  app.post('/login', async (request, reply) => {
    const given = request.body instanceof URLSearchParams ? request.body.get('token') : null;
    void reply.type('text/html; charset=utf-8');
    if (given === null || !isToken(request, given)) return reply.code(401).send(loginPage('wrong'));
    const { protocol } = request;
    const cookie = `${COOKIES[protocol]}=${sessions.create()}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${SESSION_SECONDS}${protocol === 'https' ? '; Secure' : ''}`;
    return reply.header('set-cookie', cookie).send(loginPage('in'));
  });
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.setErrorHandler((error: { statusCode?: number }, request, reply) => {
    if (!(error instanceof FailedAttemptsError)) {
      return refuse(reply, error.statusCode ?? 500, 'the request cannot be read');
    }
    void reply.header('retry-after', String(error.retryAfterSeconds));
    if (request.routeOptions.url !== '/login') return refuse(reply, 429, error.message);
    return reply.code(429).type('text/html; charset=utf-8').send(loginPage('later'));
  });
  return app;

  /** Whether a request may use the codec. A page of another origin may not, even with the cookie. */
  function isAllowed(request: FastifyRequest): boolean {
    const { headers } = request;
    if (headers.origin !== undefined) {
      if (!isUi(headers.origin)) return false;
      // Browsers set `Origin` themselves, so a page of another site cannot pass for the UI.
      if (login === 'none' && isLoopback(request.socket.remoteAddress)) return true;
    }
    const [, bearer] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
    if (bearer !== undefined) return isToken(request, bearer);
    const cookies = (headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
    const [, session] = cookies.find(([name]) => name === COOKIES[request.protocol]) ?? [];
    return session !== undefined && sessions.isValid(session);
  }

  /**
   * Compares a token in constant time, whatever its length.
   *
   * @throws {FailedAttemptsError} too many wrong tokens came from the address (429).
   */
  function isToken({ ip }: FastifyRequest, given: string): boolean {
    failedAttempts.admit(ip, given);
    const digest = (text: string) => keyedHash(token, 'codec-session', text);
    const isRight = timingSafeEqual(digest(given), digest(token));
    if (isRight) failedAttempts.succeeded(given);
    else failedAttempts.failed(ip, given);
    return isRight;
  }
}

/** Whether an address of a connection is a loopback address; IPv6 sockets prefix those of IPv4. */
function isLoopback(address: string | undefined): boolean {
  return address !== undefined && isLocalHost(address.replace(/^::ffff:/, ''));
}

function toJson({ metadata, data }: Awaited<ReturnType<PayloadCodec['decode']>>[number]) {
  const encoded = Object.entries(metadata ?? {}).map(([name, value]) => [name, text(value)]);
  return { metadata: Object.fromEntries(encoded) as object, data: text(data ?? new Uint8Array()) };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function refuse(reply: FastifyReply, status: number, error: string): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send({ error });
}
