import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { DestinationPolicy } from './address-rules.ts';
import { checkUrl, type Lookup, type Refusal, resolveDestination } from './destination.ts';

/** Signed links of object storage are long: they carry a session's token. In UTF-16 units. */
const LINK_LIMIT = 8_192;
const HEADER_LIMIT_BYTES = 16 * 1024;

/** How foreign servers are reached. */
export interface ForeignAccess {
  readonly policy: DestinationPolicy;
  /** `dns.promises.lookup`. */
  readonly lookup: Lookup;
}

/**
 * Sends a GET without credentials to a server that an outsider named, if the destination rules allow
 * it. Connects to the addresses that were checked, follows no redirect and uses no proxy.
 *
 * @returns the answer, whose body has not been read yet, or why nothing was sent.
 * @throws the error of Node's HTTP client, or the signal's reason.
 */
export async function openForeign(
  link: string,
  { policy, lookup }: ForeignAccess,
  signal: AbortSignal,
): Promise<http.IncomingMessage | { readonly refusal: Refusal<string> }> {
  const checked = checkUrl(link, policy, LINK_LIMIT);
  if ('refusal' in checked) return checked;
  const { url } = checked;
  const destination = await resolveDestination(url, policy, lookup);
  if ('refusal' in destination) return destination;
  const addresses = destination.addresses.map((address) => ({ address, family: isIP(address) }));
  const isTls = url.protocol === 'https:';
  return await new Promise((resolve, reject) => {
    const request = (isTls ? https : http).get({
      host: withoutBrackets(url.hostname),
      // Node connects only to the addresses that were checked. It tries one after the other.
      lookup: (_, { all }, callback) => {
        const [{ address, family } = { address: '', family: 0 }] = addresses;
        if (all === true) callback(null, addresses);
        else callback(null, address, family);
      },
      port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host, accept: '*/*', 'accept-encoding': 'identity' },
      // A connection of its own: downloads are rare, and large.
      agent: false,
      maxHeaderSize: HEADER_LIMIT_BYTES,
      signal,
      ...(isTls ? { servername: tlsName(url.hostname), rejectUnauthorized: true } : {}),
    });
    request.on('response', resolve);
    request.on('error', reject);
    // Node drops some answers without another event, e.g. one that switches protocols.
    request.on('close', () => reject(new Error('the connection was closed')));
  });
}

/** The TLS server name: empty for an address, so that the certificate must be for the address. */
function tlsName(hostname: string): string {
  return isIP(withoutBrackets(hostname)) === 0 ? hostname : '';
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
