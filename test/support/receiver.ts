import http, { type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A webhook as it came. */
export interface ReceivedWebhook {
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  /** The same as text. */
  readonly body: string;
  readonly path: string;
}

/** An answer that is always the same. */
interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An organization's receiver on loopback. */
export interface TestReceiver {
  readonly url: string;
  /** What came, the first first. */
  readonly received: ReceivedWebhook[];
  /** How it answers from now on; a function that does not call `end` lets it hang. */
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
      // It may be closed already.
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

/** Answers with a status, and headers where they are given. */
export function answering(status: number, headers: Record<string, string> = {}): Reply {
  return { status, headers, body: 'an answer' };
}
