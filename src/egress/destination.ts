import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { type AddressRule, brokenRule, type DestinationPolicy } from './address-rules.ts';

/** In UTF-16 units. */
const URL_LIMIT = 2_048;
/** The largest head of an answer. */
const HEADER_LIMIT_BYTES = 16 * 1024;
/** Limit for resolving a name, in milliseconds. Its name server may never answer. */
const LOOKUP_LIMIT_MS = 5_000;
const NOT_A_URL = 'It is not an absolute URL.';
const PORTS = ['', '443', '8443'];
const LOWEST_SANDBOX_PORT = 1_024;
/** Names of this machine or its local network (RFC 6761, 6762, 8375, and conventions). */
const LOCAL_DOMAINS = /(^|\.)(localhost|local|localdomain|internal|home\.arpa)$/;

/** The rule that a URL breaks. The codes are stable. */
export type UrlRule =
  | 'not_a_url'
  | 'too_long'
  | 'scheme'
  | 'credentials'
  | 'fragment'
  | 'port'
  | 'host'
  | 'address';

/** Why a destination is refused. The message names the rule and quotes nothing of the URL. */
export interface Refusal<Code extends string> {
  readonly code: Code;
  readonly message: string;
}

/** A URL that an endpoint may have, or why not. */
export type CheckedUrl = { readonly url: URL } | { readonly refusal: Refusal<UrlRule> };

/**
 * Resolves a name to all its addresses, as `dns.promises.lookup` does.
 *
 * @param options.signal ends the lookup.
 */
export type Lookup = (
  hostname: string,
  options: { readonly all: true; readonly signal?: AbortSignal },
) => Promise<readonly LookupAddress[]>;

/** How servers that outsiders name are reached. */
export interface ForeignAccess {
  readonly policy: DestinationPolicy;
  /** In production `foreignLookup`. */
  readonly lookup: Lookup;
}

/**
 * Returns the access that a deployment allows.
 *
 * @param destinations its setting `WEBHOOK_DESTINATIONS`.
 */
export function foreignAccess(destinations: 'public' | 'loopback', lookup: Lookup): ForeignAccess {
  return { policy: { sandbox: destinations === 'loopback' }, lookup };
}

/** The addresses of a host, or why nothing may be sent there. */
export type Destination =
  | { readonly addresses: readonly [string, ...string[]] }
  | { readonly refusal: Refusal<AddressRule | 'dns'> };

/**
 * Checks a URL by all rules that need no DNS. Allowed is `https` on port 443 or 8443 to a public name
 * or address; in the sandbox `https` and `http` to loopback from port 1024. Each request checks the URL
 * again, together with the addresses of its host.
 *
 * @param limit the maximum length, in UTF-16 units.
 */
export function checkUrl(text: string, policy: DestinationPolicy, limit = URL_LIMIT): CheckedUrl {
  if (text.length > limit) {
    return refuse('too_long', `The URL is longer than ${limit} characters.`);
  }
  // URL parsers disagree on ambiguous text, and every reader must see the URL that was checked.
  if (hasAmbiguity(text) || !URL.canParse(text)) return refuse('not_a_url', NOT_A_URL);
  const url = new URL(text);
  // Characters outside ASCII grow when the URL is serialized.
  if (url.href.length > limit) {
    return refuse('too_long', `The URL is longer than ${limit} characters.`);
  }
  if (url.protocol !== 'https:' && !(policy.sandbox && url.protocol === 'http:')) {
    return refuse(
      'scheme',
      `The URL must begin with https://${policy.sandbox ? ' or http://' : ''}.`,
    );
  }
  // Node's parser reads `https:host` and `https:///host` as `https://host`; other parsers do not.
  const [, authority] = /^https?:\/\/([^/?#]+)/i.exec(text) ?? [];
  if (authority === undefined) return refuse('not_a_url', NOT_A_URL);
  // The parsed URL does not show an empty user name.
  if (authority.includes('@')) {
    return refuse('credentials', 'The URL must not contain a user name or a password.');
  }
  if (text.includes('#')) return refuse('fragment', 'The URL must not contain a fragment.');
  return refuseHost(url.hostname, policy) ?? refusePort(url.port, policy) ?? { url };
}

/**
 * Resolves a checked URL's host and checks all its addresses. One forbidden address refuses the host, so
 * that a name cannot mix a public address with an internal one. The caller must connect to one of these
 * addresses and not to the name, which may resolve to another address by then (DNS rebinding).
 *
 * @param signal ends the lookup. A lookup that takes more than five seconds ends, too, with a refusal.
 * @throws the signal's reason, when it is aborted.
 */
export async function resolveDestination(
  url: URL,
  policy: DestinationPolicy,
  lookup: Lookup,
  signal?: AbortSignal,
): Promise<Destination> {
  const found = await addressesOf(url.hostname, lookup, signal);
  signal?.throwIfAborted();
  const [first, ...others] = found ?? [];
  // The resolver's message would quote the name.
  if (first === undefined) return refuse('dns', 'The host name could not be resolved.');
  for (const address of [first, ...others]) {
    const rule = brokenRule(address, policy);
    if (rule !== undefined) return refuse(rule, addressMessage(rule, policy));
  }
  return { addresses: [first, ...others] };
}

async function addressesOf(
  host: string,
  lookup: Lookup,
  signal: AbortSignal | undefined,
): Promise<string[] | undefined> {
  const literal = literalOf(host);
  if (literal !== undefined) return [literal];
  const end = new AbortController();
  const abort = () => end.abort();
  const timer = setTimeout(abort, LOOKUP_LIMIT_MS);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    const found = await orAborted(lookup(host, { all: true, signal: end.signal }), end.signal);
    return found.map(({ address }) => address);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** Rejects when the signal is aborted, also if the lookup ignores its signal. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error('aborted'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function refuse<Code extends string>(code: Code, message: string): { refusal: Refusal<Code> } {
  return { refusal: { code, message } };
}

/** White space, control characters and backslashes: a URL parser drops or converts them. */
function hasAmbiguity(text: string): boolean {
  return /[\s\\\p{Cc}]/u.test(text);
}

function refuseHost(host: string, policy: DestinationPolicy) {
  const literal = literalOf(host);
  if (literal !== undefined) {
    const rule = brokenRule(literal, policy);
    return rule === undefined ? undefined : refuse('address', addressMessage(rule, policy));
  }
  if (policy.sandbox) {
    return /(^|\.)localhost$/.test(host)
      ? undefined
      : refuse('host', 'In the sandbox the host must be localhost or a loopback address.');
  }
  // A trailing dot would evade the rules for names, and no certificate has one.
  if (host.endsWith('.') || !host.includes('.') || LOCAL_DOMAINS.test(host)) {
    return refuse('host', 'The host must be a full public name, without a dot at its end.');
  }
  return undefined;
}

function refusePort(port: string, policy: DestinationPolicy) {
  if (!policy.sandbox) {
    return PORTS.includes(port) ? undefined : refuse('port', 'The port must be 443 or 8443.');
  }
  // An empty port means 80 or 443. Number('') is 0, so it is refused.
  return Number(port) >= LOWEST_SANDBOX_PORT
    ? undefined
    : refuse('port', `In the sandbox the port must be ${LOWEST_SANDBOX_PORT} or higher.`);
}

/** Returns the address if the host is one, in the form of the URL parser; undefined for a name. */
function literalOf(host: string): string | undefined {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? undefined : bare;
}

/**
 * The options of Node's HTTP client for a checked URL, except for the host, which decides where it
 * connects. The TLS server name of an address is empty, so that the certificate must be for the address.
 */
export function requestOptions(url: URL) {
  const isTls = url.protocol === 'https:';
  const servername = literalOf(url.hostname) === undefined ? url.hostname : '';
  return {
    port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    maxHeaderSize: HEADER_LIMIT_BYTES,
    // Also if NODE_TLS_REJECT_UNAUTHORIZED says otherwise.
    ...(isTls ? { servername, rejectUnauthorized: true } : {}),
  };
}

function addressMessage(rule: AddressRule, { sandbox }: DestinationPolicy): string {
  return sandbox
    ? 'In the sandbox the host must have loopback addresses only.'
    : `The host has an address that is not public (${rule}).`;
}
