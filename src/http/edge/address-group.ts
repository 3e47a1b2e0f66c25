import { isIPv4, isIPv6 } from 'node:net';

/**
 * Names the group of addresses that counts as one client. An IPv4 address is its own group, even when
 * it is written as an IPv6 address (RFC 4291, 2.5.5.2). IPv6 addresses of one /64 share a group,
 * because a /64 is the smallest network that a site gets (RFC 6177).
 *
 * @param address undefined when the connection has closed.
 * @returns one text for all addresses of the group; `unknown` for an address that cannot be read.
 */
export function addressGroup(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  if (isIPv4(address)) return address;
  const [withoutZone = ''] = address.split('%');
  if (!isIPv6(withoutZone)) return 'unknown';
  const words = wordsOf(withoutZone);
  const isMapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;
  if (!isMapped) return `${words.slice(0, 4).map(hex).join(':')}::/64`;
  return words
    .slice(6)
    .flatMap((word) => [word >> 8, word & 0xff])
    .join('.');
}

/** The eight 16-bit words of an IPv6 address. */
function wordsOf(address: string): number[] {
  // URL writes the canonical form of RFC 5952: no dots, and at most one `::`.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head, tail] = canonical.split('::').map((side) => side.split(':').filter(Boolean));
  const zeros = 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  const words = [...(head ?? []), ...Array<string>(zeros).fill('0'), ...(tail ?? [])];
  return words.map((word) => Number.parseInt(word, 16));
}

function hex(word: number): string {
  return word.toString(16);
}
