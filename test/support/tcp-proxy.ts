import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import net from 'node:net';

/** A TCP proxy in front of a server, with which a test makes the server unavailable. */
export interface TcpProxy {
  readonly port: number;
  /** Closes all connections and rejects new ones. */
  refuse(): Promise<void>;
  /** Delays every byte, also of new connections. */
  freeze(): void;
  /** Resumes, and forwards the delayed bytes. */
  restore(): Promise<void>;
  /**
   * Waits once for bytes from a client that contain `mark`, and then breaks that connection: before the
   * server receives the bytes, after it received them, or after it answered them. With `next`, it acts on
   * the next bytes of that connection instead.
   */
  breakOn(mark: string, moment: Moment, which?: 'these' | 'next'): void;
  /** {@link refuse}s when a client sends its next HTTP/2 request after `passing` others, and resolves. */
  refuseAfterRequests(passing: number): Promise<void>;
  close(): Promise<void>;
}

type Moment = 'before' | 'after' | 'answered';

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const links = new Set<[client: net.Socket, server: net.Socket]>();
  let frozen = false;
  let gate: { passing: number; closed: () => void } | undefined;
  let trap: { mark: string; moment: Moment; which: 'these' | 'next' } | undefined;

  const listener = net.createServer((client) => {
    const server = net.connect(target);
    const link: [net.Socket, net.Socket] = [client, server];
    links.add(link);
    const drop = () => {
      links.delete(link);
      client.destroy();
      server.destroy();
    };
    let withhold = false;
    let isNext = false;
    const requestsIn = createRequestCounter();
    for (const socket of link) socket.on('error', drop).on('close', drop);
    client.on('data', (bytes) => {
      if (gate !== undefined) {
        gate.passing -= requestsIn(bytes);
        if (gate.passing < 0) return void refuse().then(gate.closed);
      }
      const marked = trap !== undefined && bytes.includes(trap.mark);
      const sprung = isNext || (marked && trap?.which === 'these') ? trap?.moment : undefined;
      isNext ||= marked;
      if (sprung !== undefined) trap = undefined;
      if (sprung === 'before') return drop();
      if (sprung === 'after') return void server.write(bytes, drop);
      if (sprung === 'answered') withhold = true;
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (withhold) drop();
      else client.write(bytes);
    });
    if (frozen) for (const socket of link) socket.pause();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  async function refuse(): Promise<void> {
    if (!listener.listening) return;
    const closed = once(listener, 'close');
    listener.close();
    for (const [client, server] of links) {
      client.destroy();
      server.destroy();
    }
    await closed;
  }

  return {
    port,
    async refuseAfterRequests(passing) {
      await new Promise<void>((closed) => {
        gate = { passing, closed };
      });
      gate = undefined;
    },
    refuse,
    freeze() {
      frozen = true;
      for (const socket of [...links].flat()) socket.pause();
    },
    async restore() {
      frozen = false;
      for (const socket of [...links].flat()) socket.resume();
      if (listener.listening) return;
      listener.listen(port, '127.0.0.1');
      await once(listener, 'listening');
    },
    breakOn(mark, moment, which = 'these') {
      trap = { mark, moment, which };
    },
    close: refuse,
  };
}

/** Returns a function that counts the HTTP/2 requests that begin in the next bytes of a client. */
function createRequestCounter(): (bytes: Buffer) => number {
  const [preface, frameHead, headers] = [24, 9, 1];
  let unread = Buffer.alloc(0);
  let toSkip = preface;
  return (bytes) => {
    unread = Buffer.concat([unread, bytes]);
    let requests = 0;
    for (;;) {
      const skipped = Math.min(toSkip, unread.length);
      unread = unread.subarray(skipped);
      toSkip -= skipped;
      if (toSkip > 0 || unread.length < frameHead) return requests;
      if (unread[3] === headers) requests += 1;
      toSkip = frameHead + unread.readUIntBE(0, 3);
    }
  };
}
