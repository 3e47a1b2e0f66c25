import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http';
import { isIP } from 'node:net';

/**
 * Leaves of what proxies say about a request only the addresses that it came by, those that are
 * well-formed up to the first, from the right, that is not: the framework takes the right-most that is
 * no trusted proxy's for the client, whatever text it is. Hosts and schemes go: `PUBLIC_URL` says
 * where we are reached.
 *
 * For a server behind trusted proxies; without them the framework looks at none of it.
 */
export function keepForwardedAddresses(server: Server): void {
  server.prependListener('request', ({ headers }: IncomingMessage) => cleanForwarded(headers));
}

/** See {@link keepForwardedAddresses}; changes the headers. */
export function cleanForwarded(headers: IncomingHttpHeaders): void {
  const hops = String(headers['x-forwarded-for'] ?? '').split(',');
  const kept: string[] = [];
  for (const hop of hops.reverse()) {
    const address = addressOf(hop.trim());
    if (address === undefined) break;
    kept.unshift(address);
  }
  for (const name of ['for', 'host', 'proto']) delete headers[`x-forwarded-${name}`];
  if (kept.length > 0) headers['x-forwarded-for'] = kept.join(', ');
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function addressOf(hop: string): string | undefined {
  const [, v6, v4] = /^(?:\[(.+)\]|([\d.]+))(?::\d{1,5})?$/.exec(hop) ?? [];
  const address = v6 ?? v4 ?? hop;
  // A zone names an interface of the proxy's machine, in free text.
  return isIP(address) === 0 || address.includes('%') ? undefined : address;
}
