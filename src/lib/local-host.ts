/**
 * Returns whether a host stands for this machine: `localhost`, a name below it (RFC 6761, 6.3), or a loopback
 * address.
 *
 * @param host as in a URL, without a port; an IPv6 address may have brackets.
 */
export function isLocalHost(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    /^127(\.\d{1,3}){3}$/.test(name) ||
    name === '[::1]' ||
    name === '::1'
  );
}
