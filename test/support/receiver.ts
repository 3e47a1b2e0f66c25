import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A webhook as it came. */
export interface ReceivedWebhook {
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  readonly path: string;
}

/** An organization's receiver on loopback. */
export interface TestReceiver {
  readonly url: string;
  readonly received: ReceivedWebhook[];
  /** How it answers from now on; without a call of `end` it hangs. */
  answer: (response: ServerResponse, webhook: ReceivedWebhook) => void;
  close(): Promise<void>;
}

/** Starts a receiver that answers 204. */
export async function startReceiver(): Promise<TestReceiver> {
  const server = http.createServer((request, response) => {
    void buffer(request).then(
      (raw) => {
        const webhook = { headers: request.headers, raw, path: request.url ?? '' };
        receiver.received.push(webhook);
        receiver.answer(response, webhook);
      },
      () => undefined,
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: TestReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: [],
    answer: (response) => response.writeHead(204).end(),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return receiver;
}

/** Answers with a status, and headers where they are given. */
export function answering(status: number, headers: Record<string, string> = {}) {
  return (response: ServerResponse) => response.writeHead(status, headers).end('an answer');
}
