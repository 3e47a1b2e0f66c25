import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** A year, in seconds: the least that browsers' lists of HTTPS hosts ask for. */
const HTTPS_ONLY_SECONDS = 365 * 24 * 60 * 60;

/**
 * The headers of every answer. What a route sets of the same name stands instead, as the
 * documentation page's own policy does.
 *
 * The choice is OWASP's for APIs (REST Security Cheat Sheet, "Security Headers"): no cache keeps
 * patient data, and a browser that is led to an answer makes no page of it, nor a part of one.
 *
 * @param publicUrl where organizations reach this server; over HTTPS, they are told to keep to it.
 * @param servesTls they are also told where it serves HTTPS itself, whatever its address is said to be.
 */
export function securityHeaders(
  publicUrl: string,
  servesTls = false,
): Readonly<Record<string, string>> {
  const isHttps = servesTls || new URL(publicUrl).protocol === 'https:';
  return {
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(isHttps ? { 'strict-transport-security': `max-age=${HTTPS_ONLY_SECONDS}` } : {}),
  };
}

/**
 * Gives these headers to each answer of a server, before anything else sees the request: the
 * framework answers some without calling a hook.
 */
export function setOnEveryAnswer(server: Server, headers: Readonly<Record<string, string>>): void {
  const all = new Headers(headers);
  const set = (_request: IncomingMessage, response: ServerResponse) => response.setHeaders(all);
  server.prependListener('request', set);
  server.prependListener('checkExpectation', set);
}
