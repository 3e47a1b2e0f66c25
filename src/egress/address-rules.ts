import { BlockList, isIP } from 'node:net';

/** Which destinations a deployment allows. */
export interface DestinationPolicy {
  /** true: only loopback addresses. false: only public addresses. */
  readonly sandbox: boolean;
}

/** The rule that an address breaks. The names are stable. */
export type AddressRule =
  | keyof typeof NOT_PUBLIC
  | 'not_global_unicast'
  | 'not_loopback'
  | 'not_an_address';

/*
 * The ranges that IANA's special-purpose registries do not list as globally reachable, and the ranges
 * that tunnel to an IPv4 address, which would go unchecked. They include the metadata services of
 * clouds: 169.254.169.254 (link-local), 100.100.100.200 (shared), fd00:ec2::254 (not global unicast),
 * 192.0.0.192 (reserved).
 */
const NOT_PUBLIC = {
  unspecified: ['0.0.0.0/8'],
  loopback: ['127.0.0.0/8'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  shared: ['100.64.0.0/10'],
  link_local: ['169.254.0.0/16'],
  documentation: [
    '192.0.2.0/24',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '2001:db8::/32',
    '3fff::/20',
  ],
  benchmark: ['198.18.0.0/15'],
  multicast: ['224.0.0.0/4'],
  // 2001::/23 includes Teredo; 3ffe::/16 was the 6bone.
  reserved: [
    '192.0.0.0/24',
    '192.31.196.0/24',
    '192.52.193.0/24',
    '192.175.48.0/24',
    '240.0.0.0/4',
    '2001::/23',
    '2620:4f:8000::/48',
    '3ffe::/16',
  ],
  // The relays of 6to4, and the addresses that embed an IPv4 address.
  six_to_four: ['192.88.99.0/24', '2002::/16'],
  // A public address of Azure that only Azure's own machines reach.
  metadata: ['168.63.129.16/32'],
} as const satisfies Record<string, readonly string[]>;

// The rest of IPv6 is mapped, NAT64, unique local, site-local, multicast or unassigned.
const GLOBAL_UNICAST = blockList(['2000::/3']);
// Separate lists: an IPv4 list also matches mapped addresses, and `::ffff:127.0.0.1` must be refused.
const LOOPBACK = { ipv4: blockList(['127.0.0.0/8']), ipv6: blockList(['::1/128']) };
const RULES = Object.entries(NOT_PUBLIC).map(
  ([rule, subnets]) => [rule as AddressRule, blockList(subnets)] as const,
);

/** Returns the rule that forbids sending to an address; undefined for an allowed address. */
export function brokenRule(
  address: string,
  { sandbox }: DestinationPolicy,
): AddressRule | undefined {
  const family = isIP(address);
  // A zone selects an interface of this machine, so the address is not public.
  if (family === 0 || address.includes('%')) return 'not_an_address';
  const type = family === 4 ? 'ipv4' : 'ipv6';
  if (sandbox) return LOOPBACK[type].check(address, type) ? undefined : 'not_loopback';
  if (type === 'ipv6' && !GLOBAL_UNICAST.check(address, type)) return 'not_global_unicast';
  return RULES.find(([, subnets]) => subnets.check(address, type))?.[0];
}

function blockList(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = '', prefix] = subnet.split('/');
    list.addSubnet(network, Number(prefix), network.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
