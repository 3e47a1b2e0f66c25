import { Resolver } from 'node:dns/promises';
import type { Lookup } from './destination.ts';

/** How long c-ares waits for a name server at first, in milliseconds, and how often it sends a query. */
const QUERY = { timeout: 1_500, tries: 2 };
const LOCALHOST = /(^|\.)localhost$/;

/**
 * Creates the function that resolves the names of servers that outsiders choose: webhook endpoints and
 * links of documents. It asks the name servers of `/etc/resolv.conf` by c-ares. `dns.lookup` would call
 * getaddrinfo in a thread, and a few names whose name servers do not answer would take all threads of the
 * process, so that no other name could be resolved.
 *
 * It does not read `/etc/hosts`: the destination rules allow public names only. `localhost` and names
 * below it, which the sandbox allows, are loopback without a query (RFC 6761, 6.3).
 *
 * @param options.servers name servers in place of those of the machine, as `host:port`.
 */
export function createForeignLookup(
  options: { readonly servers?: readonly string[] } = {},
): Lookup {
  return async (hostname, { signal }) => {
    signal?.throwIfAborted();
    if (LOCALHOST.test(hostname)) return addressesOf(['127.0.0.1'], ['::1']);
    // A resolver of its own, because `cancel` ends all queries of a resolver.
    const resolver = new Resolver(QUERY);
    if (options.servers !== undefined) resolver.setServers(options.servers);
    const cancel = () => resolver.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const [four, six] = await Promise.allSettled([
        resolver.resolve4(hostname),
        resolver.resolve6(hostname),
      ]);
      signal?.throwIfAborted();
      const found = addressesOf(
        four.status === 'fulfilled' ? four.value : [],
        six.status === 'fulfilled' ? six.value : [],
      );
      if (found.length === 0 && four.status === 'rejected') throw four.reason;
      return found;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  };
}

/** The lookup of a process; see {@link createForeignLookup}. */
export const foreignLookup: Lookup = createForeignLookup();

/** Alternates the families: a machine may reach only one of them, and callers try a few addresses. */
function addressesOf(four: readonly string[], six: readonly string[]) {
  return Array.from({ length: Math.max(four.length, six.length) }).flatMap((_, index) => [
    ...four.slice(index, index + 1).map((address) => ({ address, family: 4 })),
    ...six.slice(index, index + 1).map((address) => ({ address, family: 6 })),
  ]);
}
