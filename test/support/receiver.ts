import http, { type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A received webhook. */
export interface ReceivedWebhook {
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  /** The body as text. */
  readonly body: string;
  readonly path: string;
}

/** A fixed answer. */
interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A webhook receiver of an organization on loopback. */
export interface TestReceiver {
  readonly url: string;
  /** The received webhooks, oldest first. */
  readonly received: ReceivedWebhook[];
  /** The answer to further webhooks; a function that does not call `end` makes requests hang. */
  answer: Reply | ((response: ServerResponse, webhook: ReceivedWebhook) => void);
  close(): Promise<void>;
}

/** Starts a receiver that answers 204. */
export async function startReceiver(): Promise<TestReceiver> {
  const server = http.createServer((request, response) => {
    void buffer(request).then(
      (raw) => {
        const { headers, url: path = '' } = request;
        const webhook = { headers, raw, body: raw.toString('utf8'), path };
        receiver.received.push(webhook);
        const { answer } = receiver;
        if (typeof answer === 'function') answer(response, webhook);
        else response.writeHead(answer.status, answer.headers).end(answer.body);
      },
      () => undefined,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: TestReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: [],
    answer: { status: 204 },
    async close() {
      server.closeAllConnections();
      // The receiver may already be closed.
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

/** Returns an answer with a status, and optional headers. */
export function answering(status: number, headers: Record<string, string> = {}): Reply {
  return { status, headers, body: 'an answer' };
}
