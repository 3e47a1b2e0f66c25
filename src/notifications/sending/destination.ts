import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { type AddressRule, brokenRule, type DestinationPolicy } from './address-rules.ts';

/** In UTF-16 units. */
const URL_LIMIT = 2_048;
const NOT_A_URL = 'It is not an absolute URL.';
const PORTS = ['', '443', '8443'];
const LOWEST_SANDBOX_PORT = 1_024;
/** Names that mean this machine or the network that it stands in; RFC 6761, 6762, 8375 and custom. */
const LOCAL_DOMAINS = /(^|\.)(localhost|local|localdomain|internal|home\.arpa)$/;

/** The rule that a URL breaks, as a stable code. */
export type UrlRule =
  | 'not_a_url'
  | 'too_long'
  | 'scheme'
  | 'credentials'
  | 'fragment'
  | 'port'
  | 'host'
  | 'address';

/** Why a destination is refused; the message names the rule and nothing of the URL. */
export interface Refusal<Code extends string> {
  readonly code: Code;
  readonly message: string;
}

/** A URL that may be stored as an endpoint's, or why not. */
export type CheckedUrl = { readonly url: URL } | { readonly refusal: Refusal<UrlRule> };

/** Resolves a name to all its addresses: `dns.promises.lookup`, or a test's own. */
export type Lookup = (
  hostname: string,
  options: { readonly all: true },
) => Promise<readonly LookupAddress[]>;

/** Where a host's name leads: addresses that may be sent to, or why it may not be sent to. */
export type Destination =
  | { readonly addresses: readonly [string, ...string[]] }
  | { readonly refusal: Refusal<AddressRule | 'dns'> };

/**
 * Whether a URL may be an endpoint's, by all that can be said without asking DNS: `https` on 443 or
 * 8443 to a public name or address; in the sandbox `http`, too, to loopback from port 1024 on. What is
 * allowed here is checked again, with the addresses of its name, each time that something is sent.
 */
export function checkUrl(text: string, policy: DestinationPolicy): CheckedUrl {
  if (text.length > URL_LIMIT) {
    return refuse('too_long', `The URL is longer than ${URL_LIMIT} characters.`);
  }
  // Parsers disagree on what these mean: what was checked must be what every reader sees.
  if (hasAmbiguity(text) || !URL.canParse(text)) return refuse('not_a_url', NOT_A_URL);
  const url = new URL(text);
  // Not ASCII, it grows when it is written out.
  if (url.href.length > URL_LIMIT) {
    return refuse('too_long', `The URL is longer than ${URL_LIMIT} characters.`);
  }
  if (url.protocol !== 'https:' && !(policy.sandbox && url.protocol === 'http:')) {
    return refuse(
      'scheme',
      `The URL must begin with https://${policy.sandbox ? ' or http://' : ''}.`,
    );
  }
  // The parser takes `https:host` and `https:///host` for `https://host`; others don't.
  const [, authority] = /^https?:\/\/([^/?#]+)/i.exec(text) ?? [];
  if (authority === undefined) return refuse('not_a_url', NOT_A_URL);
  // An empty user name leaves no trace in the parsed URL.
  if (authority.includes('@')) {
    return refuse('credentials', 'The URL must not contain a user name or a password.');
  }
  if (text.includes('#')) return refuse('fragment', 'The URL must not contain a fragment.');
  return refuseHost(url.hostname, policy) ?? refusePort(url.port, policy) ?? { url };
}

/**
 * Resolves a checked URL's host and checks every address that it has: one that is forbidden forbids
 * them all, so that a name cannot mix a public address with one inside. Connect to these addresses and
 * never to the name: it may mean another address by then.
 */
export async function resolveDestination(
  url: URL,
  policy: DestinationPolicy,
  lookup: Lookup,
): Promise<Destination> {
  const found = await addressesOf(url.hostname, lookup);
  const [first, ...others] = found ?? [];
  // The resolver's own message would hold the name.
  if (first === undefined) return refuse('dns', 'The host name could not be resolved.');
  for (const address of [first, ...others]) {
    const rule = brokenRule(address, policy);
    if (rule !== undefined) return refuse(rule, addressMessage(rule, policy));
  }
  return { addresses: [first, ...others] };
}

async function addressesOf(host: string, lookup: Lookup): Promise<string[] | undefined> {
  const literal = literalOf(host);
  if (literal !== undefined) return [literal];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return undefined;
  }
}

function refuse<Code extends string>(code: Code, message: string): { refusal: Refusal<Code> } {
  return { refusal: { code, message } };
}

/** White space, controls and backslashes, which a URL parser drops or takes for something else. */
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
  // A last dot would pass by the rules for names, and no certificate has one.
  if (host.endsWith('.') || !host.includes('.') || LOCAL_DOMAINS.test(host)) {
    return refuse('host', 'The host must be a full public name, without a dot at its end.');
  }
  return undefined;
}

function refusePort(port: string, policy: DestinationPolicy) {
  if (!policy.sandbox) {
    return PORTS.includes(port) ? undefined : refuse('port', 'The port must be 443 or 8443.');
  }
  // Without a port it is 80 or 443.
  return Number(port) >= LOWEST_SANDBOX_PORT
    ? undefined
    : refuse('port', `In the sandbox the port must be ${LOWEST_SANDBOX_PORT} or higher.`);
}

/** The address when a host is one and no name; the URL parser has brought it to its usual form. */
function literalOf(host: string): string | undefined {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? undefined : bare;
}

function addressMessage(rule: AddressRule, { sandbox }: DestinationPolicy): string {
  return sandbox
    ? 'In the sandbox the host must have loopback addresses only.'
    : `The host has an address that is not public (${rule}).`;
}
