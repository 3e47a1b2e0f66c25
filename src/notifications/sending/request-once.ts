import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { requestOptions } from '../../egress/destination.ts';

/** How much of an answer is read before the connection is destroyed. */
const BODY_LIMIT_BYTES = 16 * 1024;

export interface OneRequest {
  readonly url: URL;
  /** The checked address; the name in `url` is not resolved again. */
  readonly address: string;
  readonly agents: Agents;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Limit for connecting to this address, in milliseconds. `signal` limits the whole request. */
  readonly connectMs: number;
  readonly signal: AbortSignal;
}

/** Keep-alive agents. They reuse a connection only for the same address and TLS name. */
export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

export type Outcome =
  | { readonly status: number; readonly retryAfter: string | undefined; readonly body: Buffer }
  | {
      readonly failure: 'connect' | 'tls' | 'reset' | 'bad_response';
      readonly code: string | undefined;
      /** The endpoint closed a kept connection. Whether it saw this request is unknown. */
      readonly isStale: boolean;
    };

/**
 * Makes one POST to one address.
 *
 * @throws {TypeError} Node refuses a header. All other failures are outcomes.
 */
export function requestOnce(one: OneRequest): Promise<Outcome> {
  const isTls = one.url.protocol === 'https:';
  const request = (isTls ? https : http).request({
    ...requestOptions(one.url),
    method: 'POST',
    // The address, not the name: Node makes no DNS lookup of its own, and reuses a kept connection only
    // for the address that was checked.
    host: one.address,
    headers: {
      ...one.headers,
      host: one.url.host,
      'accept-encoding': 'identity',
      'content-length': String(one.body.length),
    },
    agent: isTls ? one.agents.https : one.agents.http,
    signal: one.signal,
  });

  return new Promise((resolve) => {
    let phase: 'connect' | 'tls' | 'sent' = 'connect';
    let hasAnswer = false;
    let connectTimer: NodeJS.Timeout | undefined;
    const settle = (outcome: Outcome) => {
      clearTimeout(connectTimer);
      resolve(outcome);
    };
    const fail = (code: string | undefined) => {
      const failure = phase === 'sent' ? afterSending(code) : phase;
      const isStale = request.reusedSocket && !hasAnswer && failure === 'reset';
      settle({ failure, code, isStale });
    };

    request.on('socket', (socket: Socket) => {
      // A new socket is connecting, or failed before this event (no route to the address).
      if (!socket.connecting && !socket.destroyed) {
        phase = 'sent';
        return;
      }
      // The limit starts here, because waiting for a free socket is not connecting.
      connectTimer = setTimeout(() => {
        if (phase === 'connect') request.destroy(codedError('ETIMEDOUT'));
      }, one.connectMs);
      socket.once('connect', () => {
        phase = isTls ? 'tls' : 'sent';
      });
      socket.once('secureConnect', () => {
        phase = 'sent';
      });
    });
    request.on('error', (error) => fail(codeOf(error)));
    // Node drops some answers without an event, e.g. one that switches protocols.
    request.on('close', () => {
      if (!hasAnswer) fail(undefined);
    });
    request.on('response', (response) => {
      hasAnswer = true;
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = () => {
        const body = Buffer.concat(chunks).subarray(0, BODY_LIMIT_BYTES);
        const retryAfter = response.headers['retry-after'];
        settle({ status: response.statusCode ?? 0, retryAfter, body });
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size < BODY_LIMIT_BYTES) return;
        finish();
        response.destroy();
      });
      response.on('end', finish);
      response.on('error', (error) => fail(codeOf(error)));
    });
    request.end(one.body);
  });
}

function afterSending(code: string | undefined): 'reset' | 'bad_response' {
  return code === undefined || code.startsWith('HPE_') ? 'bad_response' : 'reset';
}

/** Returns the code only: Node's messages may quote what was sent or answered. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : undefined;
}

function codedError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
