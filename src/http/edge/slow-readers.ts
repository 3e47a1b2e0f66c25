import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Log } from '../../process/log.ts';

/** How slowly a client may read a response. */
export interface ReadingLimits {
  /** How long a connection may move no byte in either direction, in milliseconds. */
  readonly idleMs: number;
  /** The lowest average rate of a whole response, after the first `idleMs`. */
  readonly bytesPerSecond: number;
}

/**
 * Makes the app disconnect clients that read a response too slowly or not at all. Otherwise each of them
 * would hold a connection, an open document and memory for as long as it likes.
 */
export function disconnectSlowReaders(
  app: FastifyInstance,
  log: Log,
  { idleMs, bytesPerSecond }: ReadingLimits,
): void {
  // Node destroys a connection that moved no byte for so long.
  app.server.setTimeout(idleMs);
  // Against a client that reads a few bytes now and then.
  app.addHook('onSend', (request, reply, payload, done) => {
    const limitMs = idleMs + (lengthOf(payload, reply) / bytesPerSecond) * 1_000;
    const timer = setTimeout(() => {
      log.warn('slow reader disconnected', {
        requestId: request.id,
        route: request.routeOptions.url ?? 'unknown',
      });
      reply.raw.destroy();
    }, limitMs).unref();
    reply.raw.once('close', () => clearTimeout(timer));
    done();
  });
}

/** The length of a response's body in bytes. */
function lengthOf(payload: unknown, reply: FastifyReply): number {
  if (typeof payload === 'string') return Buffer.byteLength(payload);
  if (Buffer.isBuffer(payload)) return payload.length;
  return Number(reply.getHeader('content-length') ?? 0);
}
