import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import { TLSSocket } from 'node:tls';
import { failure } from '../../contract/envelope.ts';
import type { ErrorStatus } from '../../contract/error-list.ts';

const FAULTS: Readonly<
  Record<string, readonly [status: ErrorStatus, phrase: string, error: string]>
> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'the headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'the request took too long'],
};

/** The responses that are still to be sent on each connection. */
const unanswered = new WeakMap<Socket, Set<ServerResponse>>();

/** Tracks open responses, so that {@link malformedRequestHandler} can let earlier requests finish. */
export function keepUnanswered(server: Server): void {
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const responses = unanswered.get(socket) ?? new Set();
    unanswered.set(socket, responses.add(response));
    response.once('close', () => responses.delete(response));
  });
}

/**
 * Creates the handler that answers bytes that are not an HTTP request, in the usual envelope.
 *
 * @param headers headers that every response of the server carries.
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
  // During the TLS handshake, a response would wait for its end and keep the connection open.
  const isUnsecured = socket instanceof TLSSocket && socket.alpnProtocol === null;
  if (error.code === 'ECONNRESET' || !socket.writable || isUnsecured) {
    socket.destroy();
    return;
  }
  // Earlier complete requests are served first. If the 400 reached such a client instead, it would take
  // a stored order for a refused one.
  const before = [...(unanswered.get(socket) ?? [])].filter(({ req }) => req.complete);
  if (before.length > 0) {
    socket.pause(); // otherwise the bytes that follow would fail too, and get a second response
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

/** Answers an `Expect` other than `100-continue` with the envelope; Node would send no body. */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const body = JSON.stringify(failure(417, 'Expect must be 100-continue'));
  response.writeHead(417, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.end(body);
}
