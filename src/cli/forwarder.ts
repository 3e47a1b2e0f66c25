import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import type { CaseEvent, PingEvent } from '../contract/case-activity.ts';

/** The receiver's own 10 s, less what the way to it takes. */
const LIMIT_MS = 9_000;
/** They belong to a connection, not to what is passed on. */
const NOT_PASSED_ON =
  /^(host|connection|content-length|keep-alive|transfer-encoding|accept-encoding)$/;

/** A webhook that was passed on. */
export interface Passed {
  readonly event: CaseEvent | PingEvent;
  /** What the receiver answered; undefined when it could not be reached. */
  readonly status: number | undefined;
  readonly durationMs: number;
}

/** Takes webhooks on this machine and passes each on, as it came. */
export interface Forwarder {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a forwarder on a free port. It answers as the receiver does, and 502 when the receiver cannot be reached, so
 * that the delivery log shows what happened. A request without a valid signature gets 401 and is not forwarded.
 *
 * @param options.secret the endpoint's secret.
 */
export async function startForwarder(options: {
  readonly forwardTo: URL;
  readonly secret: string;
  readonly onPassed: (passed: Passed) => void;
}): Promise<Forwarder> {
  const server = createServer((request, response) => {
    pass(request).then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(401).end(),
    );
  });

  async function pass(request: IncomingMessage): Promise<number> {
    const body = await buffer(request);
    const event = verify(body, request, options.secret);
    const since = performance.now();
    const status = await post(request, body);
    options.onPassed({ event, status, durationMs: Math.round(performance.now() - since) });
    return status ?? 502;
  }

  async function post(request: IncomingMessage, body: Buffer): Promise<number | undefined> {
    const headers = Object.entries(request.headers).filter(
      (header): header is [string, string] =>
        typeof header[1] === 'string' && !NOT_PASSED_ON.test(header[0]),
    );
    try {
      const answer = await fetch(options.forwardTo, {
        method: 'POST',
        headers,
        body: new Uint8Array(body),
        redirect: 'manual',
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      await answer.body?.cancel();
      return answer.status;
    } catch {
      return undefined;
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Reads the event of a genuine webhook. Uses the library of Standard Webhooks, not our own signing, so
 * that a mistake in our signing shows here.
 *
 * @throws when the signature, its headers or the timestamp are wrong.
 */
function verify(body: Buffer, request: IncomingMessage, secret: string): CaseEvent | PingEvent {
  const headers = request.headers as Record<string, string>;
  // The server signs nothing but events, so a genuine body is one.
  return new Webhook(secret).verify(body, headers) as CaseEvent | PingEvent;
}
