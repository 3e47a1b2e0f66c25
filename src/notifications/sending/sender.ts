import http from 'node:http';
import https from 'node:https';
import type { DestinationPolicy } from '../../egress/address-rules.ts';
import {
  checkUrl,
  type Lookup,
  type Refusal,
  resolveDestination,
} from '../../egress/destination.ts';
import { parseRetryAfter } from '../../lib/retry-after.ts';
import { type OneRequest, type Outcome, requestOnce } from './request-once.ts';
import { FAILURE_MESSAGES, type SendFailure, type SendResult } from './send-result.ts';
import { createSlots } from './slots.ts';

const BODY_START_BYTES = 1_024;
/** Limit for one address of several, so that an unreachable one leaves time for the next. */
const CONNECT_MS = 3_000;
const OTHER_ADDRESSES = 2;
const CONNECTIONS_PER_HOST = 8;
/** Names of one organization that are resolved at once: its silent name servers must not use up the sockets. */
const LOOKUPS_PER_ORGANIZATION = 4;
/** Over all organizations. */
const LOOKUPS = 256;
/** Shorter than the keep-alive of most servers, so that few kept connections turn out to be closed. */
const IDLE_MS = 4_000;
/** Headers of the connection. Only the sender may set them. */
const CONNECTION_HEADERS =
  /^(host|content-length|transfer-encoding|connection|keep-alive|upgrade|expect|te|trailer|proxy-.*)$/i;

export interface SenderOptions {
  /** In production `foreignLookup`. */
  readonly lookup: Lookup;
  readonly policy: DestinationPolicy;
  /** From the DNS lookup to the last byte of the answer, in milliseconds; default 10,000. */
  readonly timeoutMs?: number;
  /** Limit of concurrent requests over all endpoints, and of idle connections. Further requests wait. */
  readonly maxConnections?: number;
}

/** Sends webhooks to destinations that the policy allows, and keeps connections for a few seconds. */
export interface Sender {
  /**
   * Posts a body once. Checks the destination, connects to the checked address, follows no redirect
   * and uses no proxy. Every outcome of the request resolves as a result.
   *
   * If the endpoint has just closed a kept connection, the request is repeated once on a new one. So it
   * can arrive twice, as any delivery can.
   *
   * @param organizationId whose endpoint it is. An organization resolves {@link LOOKUPS_PER_ORGANIZATION}
   *   names at once; further requests wait, and fail as `dns` after five seconds.
   * @throws {TypeError} HTTP cannot carry a header.
   * @throws the signal's reason, when it is aborted.
   */
  post(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal?: AbortSignal,
    organizationId?: string,
  ): Promise<SendResult>;
  /** Closes the kept connections. */
  close(): void;
}

/** Creates a sender. A process creates one and shares it. */
export function createSender({
  lookup,
  policy,
  timeoutMs = 10_000,
  maxConnections = 64,
}: SenderOptions): Sender {
  const slots = createSlots({ total: maxConnections, perKey: CONNECTIONS_PER_HOST });
  const lookups = createSlots({ total: LOOKUPS, perKey: LOOKUPS_PER_ORGANIZATION });
  const kept = { keepAlive: true, maxFreeSockets: CONNECTIONS_PER_HOST, timeout: IDLE_MS };
  const agents = {
    http: boundIdle(new http.Agent(kept), maxConnections),
    https: boundIdle(new https.Agent(kept), maxConnections),
  };

  async function deliver(
    text: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
    signal: AbortSignal,
    organizationId: string,
  ): Promise<Outcome | Refused> {
    const checked = checkUrl(text, policy);
    if ('refusal' in checked) return { refusal: checked.refusal };
    const { url } = checked;
    // Before a slot is taken: a name server that does not answer must not occupy slots that other
    // endpoints need.
    const bounded: Lookup = (name, options) =>
      lookups.use(organizationId, options.signal ?? signal, () => lookup(name, options));
    const destination = await resolveDestination(url, policy, bounded, signal);
    if ('refusal' in destination) return destination;

    const [address, ...others] = destination.addresses;
    const one = { url, address, agents, headers, body, connectMs: timeoutMs, signal };
    return slots.use(url.host, signal, () => requestAny(one, others.slice(0, OTHER_ADDRESSES)));
  }

  return {
    async post(url, headers, body, signal, organizationId = '') {
      signal?.throwIfAborted();
      const startedAt = performance.now();
      const elapsed = () => Math.round(performance.now() - startedAt);
      const end = new AbortController();
      const abort = () => end.abort();
      const timer = setTimeout(abort, timeoutMs);
      signal?.addEventListener('abort', abort);
      try {
        const outcome = await deliver(
          url,
          withoutConnectionHeaders(headers),
          Buffer.from(body),
          end.signal,
          organizationId,
        );
        return toResult(outcome, elapsed(), end.signal.aborted);
      } catch (error) {
        if (!end.signal.aborted) throw error;
        return timedOut(elapsed());
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        // An abort by the caller is not a failure of the endpoint.
        signal?.throwIfAborted();
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

interface Refused {
  readonly refusal: Refusal<string>;
}

/** An agent limits its idle connections by host, but not over all hosts. This limits them over all. */
function boundIdle<A extends http.Agent>(agent: A, limit: number): A {
  const keep = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) =>
    Object.values(agent.freeSockets).flat().length < limit && keep(socket);
  return agent;
}

/** Tries the next address only if no connection was made, because then nothing was sent. */
async function requestAny(one: OneRequest, others: readonly string[]): Promise<Outcome> {
  const [next, ...rest] = others;
  const attempt = next === undefined ? one : { ...one, connectMs: CONNECT_MS };
  let outcome = await requestOnce(attempt);
  if ('failure' in outcome && outcome.isStale) outcome = await requestOnce(attempt);
  const isUnreached = 'failure' in outcome && outcome.failure === 'connect';
  if (!isUnreached || next === undefined || one.signal.aborted) return outcome;
  return requestAny({ ...one, address: next }, rest);
}

function toResult(outcome: Outcome | Refused, durationMs: number, isLate: boolean): SendResult {
  if ('refusal' in outcome) {
    const { code, message } = outcome.refusal;
    return code === 'dns'
      ? { failure: 'dns', message, durationMs }
      : { failure: 'refused_destination', code, message, durationMs };
  }
  if (!('failure' in outcome)) {
    const retryAfterMs = parseRetryAfter(outcome.retryAfter ?? null, Date.now());
    return {
      status: outcome.status,
      durationMs,
      bodyStart: printableStart(outcome.body, BODY_START_BYTES),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
  if (isLate) return timedOut(durationMs);
  const { failure, code } = outcome;
  const message = FAILURE_MESSAGES[failure];
  return { failure, ...(code === undefined ? {} : { code }), message, durationMs };
}

function timedOut(durationMs: number): SendFailure {
  return { failure: 'timeout', message: FAILURE_MESSAGES.timeout, durationMs };
}

function withoutConnectionHeaders(
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !CONNECTION_HEADERS.test(name)),
  );
}

/**
 * Decodes the start of an answer's body as text that is safe to store, log and show, because a foreign
 * server wrote it. White space becomes a blank. Control characters, characters that change the writing
 * direction, and bytes that are not UTF-8 become U+FFFD. A character that the limit cuts is left out.
 */
function printableStart(bytes: Uint8Array, limitBytes: number): string {
  const text = new TextDecoder().decode(bytes.subarray(0, limitBytes), {
    stream: bytes.length > limitBytes,
  });
  return text.replace(/[\s\p{Zl}\p{Zp}]/gu, ' ').replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu, '\uFFFD');
}
