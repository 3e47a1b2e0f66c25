import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { failure } from '../../contract/envelope.ts';
import type { Log } from '../../process/log.ts';

/** How long a stopping server still listens: what is on its way to it gets an answer, not a reset. */
const LISTEN_ON_MS = 250;
/** Longest that a request in flight may take then; the process's own limit is 20 s. */
const FINISH_LIMIT_MS = 15_000;

/** By what a connection and its TLS over it are known to be the same. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/**
 * Makes the app's `close()` end in bounded time: requests in flight are finished, new ones (readiness
 * too) get 503, and then every connection is closed. Only an answer that its client has not taken
 * within 15 seconds is torn.
 *
 * Node's own close waits for clients instead: for one that kept its connection after its last answer,
 * for one that connected and sent nothing, and for one that never sends the rest of its request.
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
  // Over TLS requests come on a socket of its own, and until there is one nothing is in flight.
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

  app.addHook('onRequest', async (_request, reply) => {
    if (!refusing) return;
    await reply
      .code(503)
      .header('retry-after', '1')
      .send(failure(503, 'the server is stopping; send the request again'));
  });
  // Tells a client not to send its next request on this connection.
  app.addHook('onSend', async (_request, reply) => {
    if (refusing) reply.header('connection', 'close');
  });
  app.addHook('preClose', async () => {
    refusing = true;
    await sleep(LISTEN_ON_MS);
    ending = true;
    for (const socket of handshakes.values()) socket.destroy();
    for (const socket of inFlight.keys()) endIfIdle(socket);
    const late = setTimeout(() => {
      log.warn('stopping: requests were cut off', { count: inFlight.size });
      for (const socket of inFlight.keys()) socket.destroy();
    }, FINISH_LIMIT_MS).unref();
    app.server.once('close', () => clearTimeout(late));
  });
}
