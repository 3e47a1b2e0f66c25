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
  close(): Promise<void>;
}

type Moment = 'before' | 'after' | 'answered';

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const links = new Set<[client: net.Socket, server: net.Socket]>();
  let frozen = false;
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
    for (const socket of link) socket.on('error', drop).on('close', drop);
    client.on('data', (bytes) => {
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
