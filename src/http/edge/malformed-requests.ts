import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import { failure } from '../../contract/envelope.ts';

const FAULTS: Readonly<Record<string, readonly [status: number, phrase: string, error: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'the headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'the request took too long'],
};

/** What is still to be answered on a connection. */
const unanswered = new WeakMap<Socket, Set<ServerResponse>>();

/** Lets {@link malformedRequestHandler} know of the requests before the broken one. */
export function keepUnanswered(server: Server): void {
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const responses = unanswered.get(socket) ?? new Set();
    unanswered.set(socket, responses.add(response));
    response.once('close', () => responses.delete(response));
  });
}

/**
 * Answers what is no HTTP request, in the envelope as everything else.
 *
 * @param headers of every answer.
 */
export function malformedRequestHandler(
  headers: Readonly<Record<string, string>>,
): (error: Error & { code?: string }, socket: Socket) => void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return (error, socket) => answerMalformedRequest(error, socket, lines.join(''));
}

function answerMalformedRequest(
  error: Error & { code?: string },
  socket: Socket,
  headerLines: string,
): void {
  // Before the end of its handshake an answer would wait for it, and the connection with the answer.
  const isUnsecured = socket instanceof TLSSocket && socket.alpnProtocol === null;
  if (error.code === 'ECONNRESET' || !socket.writable || isUnsecured) {
    socket.destroy();
    return;
  }
  // A request that came whole is served: were it told of the bytes behind it, its client would take
  // an order that is stored for one that was refused.
  const before = [...(unanswered.get(socket) ?? [])].filter(({ req }) => req.complete);
  if (before.length > 0) {
    socket.pause(); // what follows the broken bytes is as broken, and would be answered once more
    void Promise.allSettled(before.map((response) => finished(response))).then(() => {
      socket.resume();
      answerMalformedRequest(error, socket, headerLines);
    });
    return;
  }
  const [status, phrase, text] = FAULTS[error.code ?? ''] ?? [
    400,
    'Bad Request',
    'the request is not valid HTTP',
  ];
  const body = JSON.stringify(failure(status, text));
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n${headerLines}\r\n${body}`,
  );
}

/** Answers an `Expect` that is not `100-continue`, where Node would send no body. */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const body = JSON.stringify(failure(417, 'Expect must be 100-continue'));
  response.writeHead(417, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.end(body);
}
