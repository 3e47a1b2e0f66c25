import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import {
  checkUrl,
  type ForeignAccess,
  type Refusal,
  requestOptions,
  resolveDestination,
} from './destination.ts';

/** Signed links of object storage are long: they carry a session's token. In UTF-16 units. */
const LINK_LIMIT = 8_192;

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
  const destination = await resolveDestination(url, policy, lookup, signal);
  if ('refusal' in destination) return destination;
  const addresses = destination.addresses.map((address) => ({ address, family: isIP(address) }));
  return await new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).get({
      ...requestOptions(url),
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      // Node connects only to the addresses that were checked. It tries one after the other.
      lookup: (_, { all }, callback) => {
        const [{ address, family } = { address: '', family: 0 }] = addresses;
        if (all === true) callback(null, addresses);
        else callback(null, address, family);
      },
      headers: { host: url.host, accept: '*/*', 'accept-encoding': 'identity' },
      // A connection of its own: downloads are rare, and large.
      agent: false,
      signal,
    });
    request.on('response', resolve);
    request.on('error', reject);
    // Node drops some answers without another event, e.g. one that switches protocols.
    request.on('close', () => reject(new Error('the connection was closed')));
  });
}
