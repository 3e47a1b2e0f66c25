import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http';
import { isIP } from 'node:net';

/**
 * Reduces the forwarding headers of each request to `X-Forwarded-For` with well-formed addresses. It
 * reads that header from the right and stops at the first malformed entry, because Fastify would accept
 * any text as the client's address. It removes the forwarded host and scheme, because `PUBLIC_URL`
 * says where clients reach the server.
 *
 * @param options.keepScheme keeps the scheme that the nearest proxy reports, for a server without a public URL.
 *
 * Use it behind trusted proxies only; without them, Fastify ignores these headers.
 */
export function keepForwardedAddresses(
  server: Server,
  options: { readonly keepScheme?: boolean } = {},
): void {
  server.prependListener('request', ({ headers }: IncomingMessage) =>
    cleanForwarded(headers, options),
  );
}

/** Cleans one request's headers in place; see {@link keepForwardedAddresses}. */
export function cleanForwarded(
  headers: IncomingHttpHeaders,
  { keepScheme = false }: { readonly keepScheme?: boolean } = {},
): void {
  const scheme = String(headers['x-forwarded-proto'] ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  const hops = String(headers['x-forwarded-for'] ?? '').split(',');
  const kept: string[] = [];
  for (const hop of hops.reverse()) {
    const address = addressOf(hop.trim());
    if (address === undefined) break;
    kept.unshift(address);
  }
  for (const name of ['for', 'host', 'proto']) delete headers[`x-forwarded-${name}`];
  if (keepScheme && (scheme === 'http' || scheme === 'https'))
    headers['x-forwarded-proto'] = scheme;
  if (kept.length > 0) headers['x-forwarded-for'] = kept.join(', ');
}

/** Reads one entry. Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function addressOf(hop: string): string | undefined {
  const [, v6, v4] = /^(?:\[(.+)\]|([\d.]+))(?::\d{1,5})?$/.exec(hop) ?? [];
  const address = v6 ?? v4 ?? hop;
  // An IPv6 zone is free text that names a network interface of the proxy, so it is refused.
  return isIP(address) === 0 || address.includes('%') ? undefined : address;
}
