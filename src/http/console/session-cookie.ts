import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { LoginChecks } from './single-sign-on.ts';

/** The secret of a session. No page of another site can make the browser send it. */
const SESSION: Cookie = { name: 'console_session', sameSite: 'Strict' };
/** What an unfinished login through the provider has to show: the provider is another site that leads back here. */
const LOGIN: Cookie = { name: 'console_login', sameSite: 'Lax', maxAgeSeconds: 600 };

interface Cookie {
  readonly name: string;
  readonly sameSite: 'Strict' | 'Lax';
  readonly maxAgeSeconds?: number;
}

/** Returns the secret of the session that a request has; undefined without one. */
export function sessionSecret(request: FastifyRequest): string | undefined {
  return readCookie(request, SESSION);
}

/** Returns the value of `Set-Cookie` that begins a session, or ends it if there is no secret. */
export function sessionCookie(request: FastifyRequest, secret: string | undefined): string {
  return writeCookie(request, SESSION, secret);
}

/** Returns what a request shows of the login that it ends; undefined if its browser has begun none. */
export function loginChecks(request: FastifyRequest): LoginChecks | undefined {
  const [state, nonce, verifier] = (readCookie(request, LOGIN) ?? '').split('.');
  return state && nonce && verifier ? { state, nonce, verifier } : undefined;
}

/** Returns the value of `Set-Cookie` that begins a login through the provider, or ends it. */
export function loginCookie(request: FastifyRequest, checks: LoginChecks | undefined): string {
  const value = checks && [checks.state, checks.nonce, checks.verifier].join('.');
  return writeCookie(request, LOGIN, value);
}

/**
 * Browsers accept `__Host-` only from this host over HTTPS, so a page of a neighbouring host cannot plant a session
 * (RFC 6265bis, 4.1.3.2).
 */
function nameOf({ protocol }: FastifyRequest, { name }: Cookie): string {
  return protocol === 'https' ? `__Host-${name}` : name;
}

function readCookie(request: FastifyRequest, cookie: Cookie): string | undefined {
  const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
  return pairs.find(([name]) => name === nameOf(request, cookie))?.[1];
}

function writeCookie(request: FastifyRequest, cookie: Cookie, value: string | undefined): string {
  const { sameSite, maxAgeSeconds } = cookie;
  const parts = [`${nameOf(request, cookie)}=${value ?? ''}`, 'HttpOnly', 'Path=/'];
  parts.push(`SameSite=${sameSite}`);
  if (request.protocol === 'https') parts.push('Secure');
  if (value === undefined) parts.push('Max-Age=0');
  else if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${maxAgeSeconds}`);
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
