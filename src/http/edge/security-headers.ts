import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** One year in seconds, the minimum for the HSTS preload list of browsers. */
const HTTPS_ONLY_SECONDS = 365 * 24 * 60 * 60;

/**
 * Returns the headers of every response. A route can override one, as the documentation page does with
 * its own policy.
 *
 * The headers follow OWASP's advice for APIs (REST Security Cheat Sheet, "Security Headers"): no cache
 * stores patient data, and no browser renders or embeds a response as a page.
 *
 * @param publicUrl the URL that organizations use. HTTPS adds `Strict-Transport-Security`.
 * @param servesTls true when the server itself speaks HTTPS. This adds the header whatever the URL says.
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
 * Sets these headers on each response before other code sees the request. A Fastify hook would not
 * suffice, because Fastify answers some requests without calling one.
 */
export function setOnEveryResponse(
  server: Server,
  headers: Readonly<Record<string, string>>,
): void {
  const all = Object.entries(headers);
  const set = (_request: IncomingMessage, response: ServerResponse) => {
    for (const [name, value] of all) response.setHeader(name, value);
  };
  server.prependListener('request', set);
  server.prependListener('checkExpectation', set);
}
