import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { failure } from '../../contract/envelope.ts';
import type { Log } from '../../process/log.ts';

/** How long a stopping server still listens, so that a request on its way gets a response, not a reset. */
const LISTEN_ON_MS = 250;
/** How long requests in flight may take after that; the process ends after 20 s in any case. */
const FINISH_LIMIT_MS = 15_000;

/** Identifies a connection: the TCP socket and the TLS socket over it have the same peer. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/**
 * Makes the app's `close()` end in bounded time. Requests in flight finish, new ones (readiness checks
 * too) get 503, and then the server closes every connection. It cuts off only a request that is still
 * unfinished after 15 seconds.
 *
 * Node's own close waits for clients: for one that keeps its connection alive, for one that has
 * connected and sent nothing, and for one that never sends the rest of its request.
 */
export function stopInTime(app: FastifyInstance, log: Log): void {
  const inFlight = new Map<Socket, number>();
  let refusing = false;
  let ending = false;

  function endIfIdle(socket: Socket): void {
    if (inFlight.get(socket) === 0) socket.destroySoon();
  }

  const opened = (socket: Socket) => {
    inFlight.set(socket, 0);
    socket.once('close', () => inFlight.delete(socket));
  };
  // Over TLS, requests arrive on a second socket. Until it exists, the connection has none in flight.
  const handshakes = new Map<string, Socket>();
  if (app.server instanceof tls.Server) {
    app.server.on('connection', (socket) => {
      const peer = peerOf(socket);
      handshakes.set(peer, socket);
      socket.once('close', () => handshakes.delete(peer));
    });
    app.server.on('secureConnection', (socket) => {
      handshakes.delete(peerOf(socket));
      opened(socket);
    });
  } else {
    app.server.on('connection', opened);
  }
  app.server.on('request', ({ socket }, response) => {
    inFlight.set(socket, (inFlight.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = inFlight.get(socket);
      if (left === undefined) return;
      inFlight.set(socket, left - 1);
      if (ending) endIfIdle(socket);
    });
  });

  app.addHook('onRequest', (_request, reply, done) => {
    if (!refusing) return done();
    reply
      .code(503)
      .header('retry-after', '1')
      .send(failure(503, 'the server is stopping; send the request again'));
  });
  // Asks the client to send its next request on another connection.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (refusing) reply.header('connection', 'close');
    done();
  });
  app.addHook('preClose', async () => {
    refusing = true;
    await sleep(LISTEN_ON_MS);
    ending = true;
    for (const socket of handshakes.values()) socket.destroy();
    for (const socket of inFlight.keys()) endIfIdle(socket);
    const late = setTimeout(() => {
      log.warn('shutdown cut off requests', { count: inFlight.size });
      for (const socket of inFlight.keys()) socket.destroy();
    }, FINISH_LIMIT_MS).unref();
    app.server.once('close', () => clearTimeout(late));
  });
}
