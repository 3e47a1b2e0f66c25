import http, { type RequestListener } from 'node:http';
import net from 'node:net';
import { afterEach } from 'vitest';
import type { Lookup } from '../../../../src/egress/destination.ts';
import {
  createSender,
  type Sender,
  type SenderOptions,
} from '../../../../src/notifications/sending/sender.ts';
import { type FakeEndpoint, listen } from './fake-endpoint.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** Closed when the test has ended. */
export function keep<T extends { close(): unknown }>(each: T): T {
  open.push(each);
  return each;
}

export const answering = async (answer: RequestListener): Promise<FakeEndpoint> =>
  keep(await listen(http.createServer(answer)));

/** An endpoint that speaks what it likes, once it has heard something. */
export const speaking = async (speak: (socket: net.Socket) => void): Promise<FakeEndpoint> =>
  keep(await listen(net.createServer((socket) => socket.once('data', () => speak(socket)))));

export const resolvesTo =
  (...addresses: string[]): Lookup =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

export const sender = (options: Partial<SenderOptions> = {}): Sender =>
  keep(createSender({ lookup: resolvesTo('127.0.0.1'), policy: { sandbox: true }, ...options }));
