import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../../../scripts/chaos/fault-proxy.ts';

let server: net.Server;
let executed: string[];
let proxy: FaultProxy;
const sockets: Socket[] = [];

beforeEach(async () => {
  executed = [];
  server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      executed.push(String(bytes));
      socket.write(`did ${String(bytes)}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Below any share, so that every random fault happens.
  proxy = await startFaultProxy((server.address() as AddressInfo).port, () => 0);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.close();
  server.close();
});

function open(): Socket {
  const socket = net.connect(proxy.port, '127.0.0.1');
  sockets.push(socket);
  return socket.on('error', () => undefined);
}

async function connect(): Promise<Socket> {
  const socket = open();
  await once(socket, 'connect');
  return socket;
}

/** Sends `text` and returns the answer, or that the connection has ended. */
async function answerTo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  return await Promise.race([
    new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes)))),
    closed(socket),
  ]);
}

function closed(socket: Socket): Promise<string> {
  return new Promise((resolve) => socket.once('close', () => resolve('closed')));
}

it('passes data both ways without a fault', async () => {
  expect(await answerTo(await connect(), 'one')).toBe('did one');
});

it('lets the server execute a request and drops its answer', async () => {
  const socket = await connect();
  const lift = proxy.inject('lost-answers');
  expect(await answerTo(socket, 'one')).toBe('closed');
  expect(executed).toEqual(['one']);
  lift();
  expect(await answerTo(await connect(), 'two')).toBe('did two');
});

it('holds everything back while it hangs, and passes it on afterwards', async () => {
  const socket = await connect();
  const lift = proxy.inject('hang');
  const answer = answerTo(socket, 'one');
  await sleep(100);
  expect(executed).toEqual([]);
  lift();
  expect(await answer).toBe('did one');
});

it('resets open connections and new ones', async () => {
  const socket = await connect();
  const dropped = closed(socket);
  const lift = proxy.inject('reset');
  await dropped;
  await closed(open());
  lift();
  expect(await answerTo(await connect(), 'two')).toBe('did two');
});

it('delays each way and keeps the order', async () => {
  const socket = await connect();
  const lift = proxy.inject('latency');
  const start = performance.now();
  expect(await answerTo(socket, 'one')).toBe('did one');
  expect(performance.now() - start).toBeGreaterThan(700);
  lift();
});
