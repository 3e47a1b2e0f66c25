import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

/**
 * The name of the cookie over plain HTTP and over HTTPS. Browsers accept `__Host-` only from this host over HTTPS, so a
 * page of a neighbouring host cannot plant a session (RFC 6265bis, 4.1.3.2).
 */
const COOKIES = { http: 'console_session', https: '__Host-console_session' };

/** Returns the secret of the session that a request has; undefined without one. */
export function sessionSecret(request: FastifyRequest): string | undefined {
  const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
  return pairs.find(([name]) => name === COOKIES[request.protocol])?.[1];
}

/** Returns the value of `Set-Cookie` that begins a session, or ends it if there is no secret. */
export function sessionCookie(request: FastifyRequest, secret: string | undefined): string {
  const parts = [
    `${COOKIES[request.protocol]}=${secret ?? ''}`,
    'HttpOnly',
    'SameSite=Strict',
    'Path=/',
  ];
  if (request.protocol === 'https') parts.push('Secure');
  if (secret === undefined) parts.push('Max-Age=0');
  return parts.join('; ');
}

/** Returns the token that a form of a session has to send: pages of other sites cannot compute it. */
export function csrfToken(secret: string): string {
  return createHmac('sha256', secret).update('csrf').digest('base64url');
}

/** Whether a form that changes something comes from a page of this session. */
export function isOwnForm(request: FastifyRequest, secret: string, form: URLSearchParams): boolean {
  const expected = Buffer.from(csrfToken(secret));
  const given = Buffer.from(form.get('csrf') ?? '');
  return (
    isSameOrigin(request) && given.length === expected.length && timingSafeEqual(given, expected)
  );
}

/** Whether the browser says that the request comes from a page of this server. Browsers set these headers themselves. */
export function isSameOrigin({ headers, protocol, host }: FastifyRequest): boolean {
  const { origin } = headers;
  if (origin !== undefined && origin !== `${protocol}://${host}`) return false;
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}
