import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to one placement; `after` and `before` are of the order's being stored. */
export type Fault =
  | 'none'
  | 'drop before'
  | 'drop after'
  | 'half an answer after'
  | 'half a JSON after'
  | 'hang before'
  | 'hang after'
  | '503 before'
  | '503 after'
  | '429 before'
  | '502 page after';

/** A request as the server got it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly at: number;
}

type Handler = (response: ServerResponse, request: SeenRequest) => void;

/** A real HTTP server that speaks the order endpoint, and misbehaves as a test says. */
export interface ContractServer {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** Every order that was ever stored. */
  readonly orders: { readonly id: string; readonly key: string; readonly payload: string }[];
  /** The faults of the next placements, in order; then there are none. */
  misbehave(...faults: Fault[]): void;
  /** Answers every request otherwise from here on; with several, the last one for good. */
  answer(...handlers: Handler[]): void;
  close(): Promise<void>;
}

/** @param options.original whether it keeps to the original: none of the headers that we add. */
export async function startContractServer(
  options: { original?: boolean } = {},
): Promise<ContractServer> {
  const seen: SeenRequest[] = [];
  const orders: ContractServer['orders'] = [];
  let faults: Fault[] = [];
  let handlers: Handler[] = [];

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const body = Buffer.concat(chunks).toString('utf8');
      const whole = { method, url, headers, body, at: performance.now() };
      seen.push(whole);
      const handler = handlers.length > 1 ? handlers.shift() : handlers[0];
      if (handler === undefined) place(response, whole, faults.shift() ?? 'none');
      else handler(response, whole);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  function place(response: ServerResponse, request: SeenRequest, fault: Fault): void {
    if (fault === 'drop before') return void response.destroy();
    if (fault === 'hang before') return;
    if (fault === '503 before') return void json(503, UNAVAILABLE)(response, request);
    if (fault === '429 before') {
      return void json(429, UNAVAILABLE, { 'retry-after': '0' })(response, request);
    }
    const answer = store(request);
    const text = JSON.stringify(answer.body);
    switch (fault) {
      case 'drop after':
        return void response.destroy();
      case 'hang after':
        return;
      case '503 after':
        return void json(503, UNAVAILABLE)(response, request);
      case '502 page after':
        return void page(502)(response, request);
      case 'half an answer after':
        response.writeHead(answer.status, { ...JSON_TYPE, 'content-length': text.length });
        response.write(text.slice(0, text.length / 2), () => response.destroy());
        return;
      case 'half a JSON after':
        response.writeHead(answer.status, { ...JSON_TYPE, connection: 'close' });
        response.end(text.slice(0, text.length / 2));
        return;
      case 'none':
        json(answer.status, answer.body, answer.headers)(response, request);
    }
  }

  function store({ url, body }: SeenRequest): {
    status: number;
    body: unknown;
    headers?: Record<string, string>;
  } {
    const { idempotencyKey: key, order } = JSON.parse(body);
    const payload = JSON.stringify([url, order]);
    const holder = orders.find((other) => other.key === key);
    if (holder === undefined) {
      const id = randomUUID();
      orders.push({ id, key, payload });
      return { status: 200, body: created(id) };
    }
    const same = holder.payload === payload;
    const headers = {
      'idempotency-match': same ? 'same' : 'different',
      ...(same ? { location: `${url}/orders/${holder.id}` } : {}),
    };
    return { status: 409, body: CONFLICT, headers: options.original ? {} : headers };
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    orders,
    misbehave(...next) {
      faults = next;
    },
    answer(...next) {
      handlers = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const UNAVAILABLE = { status: 503, success: false, message: 'Service unavailable', error: 'wait' };
const CONFLICT = {
  status: 409,
  success: false,
  code: 'IDEMPOTENCY_ERROR',
  description: 'A record with the provided idempotencyKey already exists for this organization.',
};

function created(id: string) {
  return {
    status: 200,
    success: true,
    message: 'Order created successfully',
    data: { order: { id } },
  };
}

/** An answer with this status and JSON body. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Handler {
  return (response) => {
    response.writeHead(status, { ...JSON_TYPE, ...headers });
    response.end(JSON.stringify(body));
  };
}

/** A success in the envelope. */
export function data(value: unknown, status = 200): Handler {
  return json(status, { status, success: true, message: 'OK', data: value });
}

/** An error in the envelope. */
export function failure(status: number, error: string, more: object = {}): Handler {
  return json(status, { status, success: false, message: 'Invalid request', error, ...more });
}

/** A proxy's page, with what must not be kept of it. */
export function page(status: number): Handler {
  return (response) => {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end('<html>Jane Sample</html>');
  };
}

/** No answer at all. */
export const hang: Handler = () => {};
