import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** A proxy that makes a server distant. */
export interface DelayProxy {
  /** host:port */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Starts a proxy that delays all bytes.
 *
 * @param target host:port of the server.
 * @param roundTripMs half of it is the delay in each direction.
 */
export async function startDelayProxy(target: string, roundTripMs: number): Promise<DelayProxy> {
  const { hostname, port } = new URL(`tcp://${target}`);
  const sockets = new Set<Socket>();
  const listener = net.createServer((client) => {
    const server = net.connect(Number(port), hostname);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from.setNoDelay(true));
      // Timers with the same delay fire in the order in which they were set.
      const later = (run: () => void) => setTimeout(run, roundTripMs / 2);
      from.on('data', (bytes) => later(() => to.write(bytes)));
      from.on('end', () => later(() => to.end()));
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from));
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    address: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    async close() {
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
