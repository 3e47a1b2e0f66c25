import http from 'node:http';
import https from 'node:https';
import { parseRetryAfter } from '../../lib/retry-after.ts';
import type { DestinationPolicy } from './address-rules.ts';
import { checkUrl, type Lookup, type Refusal, resolveDestination } from './destination.ts';
import { harmlessText } from './harmless-text.ts';
import { type OneRequest, type Outcome, requestOnce } from './request-once.ts';
import { FAILURE_MESSAGES, type SendFailure, type SendResult } from './send-result.ts';
import { createSlots } from './slots.ts';

const BODY_START_BYTES = 1_024;
/** For one address of several, so that one that is not reachable leaves time for the next. */
const CONNECT_MS = 3_000;
const OTHER_ADDRESSES = 2;
const CONNECTIONS_PER_HOST = 8;
/** Shorter than servers usually keep a connection, so that few are found closed. */
const IDLE_MS = 4_000;
/** They are for the connection, not for the receiver; the sender alone decides on them. */
const CONNECTION_HEADERS =
  /^(host|content-length|transfer-encoding|connection|keep-alive|upgrade|expect|te|trailer|proxy-.*)$/i;

export interface SenderOptions {
  /** `dns.promises.lookup`. */
  readonly lookup: Lookup;
  readonly policy: DestinationPolicy;
  /** For everything from the look-up to the last byte of the answer; 10 s where it is not given. */
  readonly timeoutMs?: number;
  /** Requests at once, over all endpoints, and idle connections; what is more waits, in its time. */
  readonly maxConnections?: number;
}

/** Sends webhooks to where the policy allows, over connections that it keeps for a while. */
export interface Sender {
  /**
   * Posts a body once. Checks the destination, connects to the checked address, follows no redirect
   * and uses no proxy. Every end of the request is a result; only a header that HTTP cannot carry, and
   * an aborted `signal`, reject.
   *
   * A request that meets a kept connection which the endpoint has just closed is made once more: it
   * can arrive twice, as any delivery can.
   */
  post(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal?: AbortSignal,
  ): Promise<SendResult>;
  /** Ends the connections that are kept. */
  close(): void;
}

/** Makes a sender. One is made for a process and shared. */
export function createSender({
  lookup,
  policy,
  timeoutMs = 10_000,
  maxConnections = 64,
}: SenderOptions): Sender {
  const slots = createSlots({ total: maxConnections, perKey: CONNECTIONS_PER_HOST });
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
  ): Promise<Outcome | Refused> {
    const checked = checkUrl(text, policy);
    if ('refusal' in checked) return { refusal: checked.refusal };
    const { url } = checked;
    return slots.use(url.host, signal, () => deliverTo(url, headers, body, signal));
  }

  async function deliverTo(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<Outcome | Refused> {
    const destination = await inTime(resolveDestination(url, policy, lookup), signal);
    if ('refusal' in destination) return destination;

    const [address, ...others] = destination.addresses;
    const one = { url, address, agents, headers, body, connectMs: timeoutMs, signal };
    return requestAny(one, others.slice(0, OTHER_ADDRESSES));
  }

  return {
    async post(url, headers, body, signal) {
      signal?.throwIfAborted();
      const startedAt = performance.now();
      const elapsed = () => Math.round(performance.now() - startedAt);
      const end = new AbortController();
      const abort = () => end.abort();
      const timer = setTimeout(abort, timeoutMs);
      signal?.addEventListener('abort', abort);
      try {
        const outcome = await deliver(url, own(headers), Buffer.from(body), end.signal);
        return toResult(outcome, elapsed(), end.signal.aborted);
      } catch (error) {
        if (!end.signal.aborted) throw error;
        return timedOut(elapsed());
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        // The caller's own wish is no failure of the endpoint.
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

/** An agent bounds what it keeps for one host, but not for how many hosts. */
function boundIdle<A extends http.Agent>(agent: A, limit: number): A {
  const keep = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) =>
    Object.values(agent.freeSockets).flat().length < limit && keep(socket);
  return agent;
}

/** Tries the next address only where no connection was made: nothing was sent, then. */
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
      bodyStart: harmlessText(outcome.body, BODY_START_BYTES),
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

function own(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !CONNECTION_HEADERS.test(name)),
  );
}

/** The look-up goes on when nobody waits any more; what it finds is dropped. */
function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
