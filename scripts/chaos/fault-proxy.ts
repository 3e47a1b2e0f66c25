import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { FaultName } from './schedule.ts';

/** A TCP proxy that can disturb its connections. */
export interface FaultProxy {
  readonly port: number;
  /** Starts a fault. Several faults can be active at once. @returns a function that ends the fault. */
  inject(fault: FaultName): () => void;
  close(): Promise<void>;
}

const LATENCY_MS = 400;
/** Of the chunks that a server sends while answers get lost. */
const LOST_SHARE = 1 / 3;

/**
 * Starts a proxy on a free port of 127.0.0.1. We do not use Toxiproxy, because it has no fault that lets
 * the server execute a request and then drops the answer.
 *
 * @param targetPort the server's port on 127.0.0.1.
 * @param random returns numbers from 0 (included) to 1 (excluded).
 */
export async function startFaultProxy(
  targetPort: number,
  random: () => number,
): Promise<FaultProxy> {
  const active = new Map<FaultName, number>();
  const pairs = new Set<readonly [Socket, Socket]>();
  const has = (fault: FaultName) => (active.get(fault) ?? 0) > 0;

  const listener = net.createServer((client) => {
    const server = net.connect({ host: '127.0.0.1', port: targetPort });
    const pair = [client, server] as const;
    pairs.add(pair);
    const drop = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true).on('error', drop).on('close', drop);
    carry(client, server, () => true);
    carry(server, client, () => {
      if (!has('lost-answers') || random() >= LOST_SHARE) return true;
      drop();
      return false;
    });
    if (has('reset')) reset(pair);
    if (has('hang')) for (const socket of pair) socket.pause();
  });

  /** Passes chunks on in their order, with a delay while the latency fault is active. */
  function carry(from: Socket, to: Socket, mayPass: () => boolean): void {
    let last = Promise.resolve();
    const inTurn = (run: () => void) => {
      const waitMs = has('latency') ? LATENCY_MS : 0;
      const due = waitMs === 0 ? undefined : new Promise((done) => setTimeout(done, waitMs));
      last = last.then(() => due).then(run);
    };
    from.on('data', (bytes) => {
      inTurn(() => {
        if (mayPass() && to.writable) to.write(bytes);
      });
    });
    from.on('end', () => inTurn(() => to.end()));
  }

  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    inject(fault) {
      active.set(fault, (active.get(fault) ?? 0) + 1);
      if (fault === 'reset') for (const pair of pairs) reset(pair);
      if (fault === 'hang') for (const socket of [...pairs].flat()) socket.pause();
      return () => {
        active.set(fault, (active.get(fault) ?? 0) - 1);
        if (has('hang')) return;
        for (const socket of [...pairs].flat()) socket.resume();
      };
    },
    async close() {
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of [...pairs].flat()) socket.destroy();
      await closed;
    },
  };
}

function reset(pair: readonly [Socket, Socket]): void {
  for (const socket of pair) socket.resetAndDestroy();
}
