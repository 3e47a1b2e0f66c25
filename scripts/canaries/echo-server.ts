import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** External systems that carelessly repeat whatever they receive. */
export interface EchoServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts such a system on this machine. An organization's receiver at `/hooks/<status>` answers with
 * that status and the request's body. Three pharmacies speak `rest`: `/refusing` answers a new order
 * with 422 and repeats the order in code and message; `/failing` answers with 503 and then with 400,
 * each with the order; `/silent` accepts the order, repeats it in `reason` and never completes it.
 *
 * @param words texts that are in the body and in a header of every answer.
 */
export async function startEchoServer(words: string): Promise<EchoServer> {
  const placed = new Map<string, string>();
  let failures = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://echo');
    const [, kind = '', what = '', id = ''] = pathname.split('/');
    const say = (status: number, json: object) => {
      const headers = { 'content-type': 'application/json', 'x-echo': words };
      response.writeHead(status, headers).end(JSON.stringify({ ...json, words, echo: body }));
    };
    if (kind === 'hooks') {
      response.writeHead(Number(what), { 'x-echo': words }).end(`${words} ${body}`);
    } else if (request.method !== 'POST' || kind === 'silent') {
      silent(id || (searchParams.get('reference') ?? ''), body, say);
    } else if (kind === 'refusing') {
      say(422, { code: body, message: body.slice(0, 2_000) });
    } else {
      failures += 1;
      say(failures === 1 ? 503 : 400, { code: body, message: body });
    }
  }

  function silent(named: string, body: string, say: (status: number, json: object) => void): void {
    const reference = named || (JSON.parse(body) as { reference: string }).reference;
    if (named === '') placed.set(reference, body);
    const kept = placed.get(reference);
    if (kept === undefined) return say(404, { code: 'ORDER_UNKNOWN', message: words });
    say(named === '' ? 201 : 200, { id: reference, reference, status: 'accepted', reason: kept });
  }

  const server = http.createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
