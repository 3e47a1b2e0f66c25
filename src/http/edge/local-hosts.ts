import type { FastifyInstance } from 'fastify';
import { failure } from '../../contract/envelope.ts';
import { isLocalHost } from '../../lib/local-host.ts';

/**
 * Makes the app refuse requests for any host but this machine, with 421. A web page can make its own name
 * resolve to 127.0.0.1 (DNS rebinding). The browser of somebody who runs the sandbox would then let the page
 * read the sandbox's answers as those of its own origin, but it sends the page's name as `Host`.
 *
 * @param alsoAllowed a host that clients use too, as in {@link isLocalHost}.
 */
export function refuseForeignHosts(app: FastifyInstance, alsoAllowed?: string): void {
  app.addHook('onRequest', (request, reply, done) => {
    const host = hostOf(request.headers.host);
    if (host === undefined || isLocalHost(host) || host === alsoAllowed) return done();
    const message = 'Host must be localhost or a loopback address';
    reply.code(421).send(failure(421, message, [{ path: 'host', message }]));
  });
}

/** The host of a header without its port; undefined without the header, and a text that no host equals for a malformed one. */
function hostOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  try {
    return new URL(`http://${header}`).hostname;
  } catch {
    return '';
  }
}
