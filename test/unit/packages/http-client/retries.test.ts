import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backoffMs, parseRetryAfter } from '../../../../packages/http-client/src/wait.ts';
import { CASE, clientOf, errorOf, exampleOrder } from './client-of.ts';
import {
  type ContractServer,
  data,
  failure,
  hang,
  json,
  page,
  startContractServer,
} from './contract-server.ts';

let server: ContractServer;
beforeEach(async () => {
  server = await startContractServer();
});
afterEach(() => server.close());

const ORDER = data({ order: { id: 'order-1' } });
const read = (client = clientOf(server.url), signal?: AbortSignal) =>
  client.getOrder(CASE, 'order-1', { signal });

describe('an attempt that failed', () => {
  it.each([408, 429, 502, 503, 504])('is repeated after %i', async (status) => {
    server.answer(failure(status, 'wait'), page(status), ORDER);
    expect(await read()).toMatchObject({ id: 'order-1' });
    expect(server.seen).toHaveLength(3);
  });

  it.each([400, 401, 403, 404, 409, 413, 500, 501])('is not repeated after %i', async (status) => {
    server.answer(failure(status, 'no'));
    expect(await errorOf(read())).toMatchObject({ status, attempts: 1 });
    expect(server.seen).toHaveLength(1);
  });

  it('is repeated as often as it was told to, with the error of the last time', async () => {
    server.answer(failure(503, 'wait'), page(504), failure(429, 'slow down'));
    const client = clientOf(server.url, { retries: { maxAttempts: 3 } });
    expect(await errorOf(read(client))).toMatchObject({ code: 'RATE_LIMITED', attempts: 3 });
    expect(server.seen).toHaveLength(3);
  });

  it('is repeated when no server listens, and the error has the code of it', async () => {
    await server.close();
    const error = await errorOf(read());
    expect(error).toMatchObject({ code: 'NETWORK', causeCode: 'ECONNREFUSED', attempts: 5 });
    expect(error).toMatchObject({ outcomeUnknown: false, status: undefined });
    server = await startContractServer();
  });
});

describe('Retry-After', () => {
  it('is waited for', async () => {
    server.answer(json(503, {}, { 'retry-after': '1' }), ORDER);
    await read();
    expect(server.seen[1]!.at - server.seen[0]!.at).toBeGreaterThan(950);
  });

  it('ends the call at once when it is longer than the caller waits', async () => {
    server.answer(json(429, {}, { 'retry-after': '2' }));
    const client = clientOf(server.url, { retries: { maxRetryAfterMs: 1_000 } });
    expect(await errorOf(read(client))).toMatchObject({ retryAfterMs: 2_000, attempts: 1 });
  });

  it('ends the call at once when it is longer than what is left of its time', async () => {
    server.answer(json(503, {}, { 'retry-after': '20' }));
    const client = clientOf(server.url, { timeoutMs: 10_000 });
    expect(await errorOf(read(client))).toMatchObject({
      code: 'UNAVAILABLE',
      retryAfterMs: 20_000,
    });
  });

  it.each([
    ['3', 3_000],
    [' 0 ', 0],
    ['Thu, 01 Jan 1970 00:00:05 GMT', 4_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
  ])('reads %j as %j', (header, expected) => {
    expect(parseRetryAfter(header, 1_000)).toBe(expected);
  });
});

it('waits any time up to a bound that doubles and is capped', () => {
  const limits = { initialDelayMs: 100, maxDelayMs: 1_000 };
  const bounds = [1, 2, 3, 4, 5, 5_000].map((attempt) => backoffMs(attempt, limits, 1));
  expect(bounds).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  expect(backoffMs(5, limits, 0)).toBe(0);
  expect(backoffMs(5, limits, 0.25)).toBe(250);
});

describe('time', () => {
  it('ends a hanging attempt, and the next one may succeed', async () => {
    server.answer(hang, ORDER);
    expect(await read(clientOf(server.url, { attemptTimeoutMs: 100 }))).toMatchObject({
      id: 'order-1',
    });
  });

  it('ends an attempt whose body hangs', async () => {
    server.answer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"status":');
    });
    const client = clientOf(server.url, { attemptTimeoutMs: 100, retries: { maxAttempts: 2 } });
    const error = await errorOf(read(client));
    expect(error).toMatchObject({ code: 'TIMEOUT', scope: 'attempt', attempts: 2 });
  });

  it('ends the whole call', async () => {
    server.answer(hang);
    const client = clientOf(server.url, { attemptTimeoutMs: 200, timeoutMs: 300 });
    const error = await errorOf(read(client));
    expect(error).toMatchObject({ code: 'TIMEOUT', scope: 'call', attempts: 2 });
  });

  it('ends an attempt by a fetch that heeds no signal', async () => {
    const client = clientOf(server.url, {
      attemptTimeoutMs: 50,
      retries: { maxAttempts: 2 },
      fetch: () => new Promise(() => {}),
    });
    expect(await errorOf(read(client))).toMatchObject({ code: 'TIMEOUT', attempts: 2 });
  });
});

describe("the caller's signal", () => {
  it('ends a call before it begins', async () => {
    const error = await errorOf(read(clientOf(server.url), AbortSignal.abort()));
    expect(error).toMatchObject({ name: 'AbortError', code: 'ABORTED', attempts: 0 });
    expect(server.seen).toHaveLength(0);
  });

  it('ends an attempt, and none follows', async () => {
    const controller = new AbortController();
    server.answer(() => controller.abort());
    const client = clientOf(server.url);
    const error = await errorOf(
      client.placeOrder(CASE, exampleOrder(), { signal: controller.signal, idempotencyKey: 'k' }),
    );
    expect(error).toMatchObject({ code: 'ABORTED', outcomeUnknown: true, idempotencyKey: 'k' });
    expect(server.seen).toHaveLength(1);
  });

  it('ends a wait between attempts', async () => {
    const controller = new AbortController();
    server.answer((response, request) => {
      json(503, {}, { 'retry-after': '20' })(response, request);
      setTimeout(() => controller.abort(), 100);
    });
    const error = await errorOf(read(clientOf(server.url), controller.signal));
    expect(error).toMatchObject({ code: 'ABORTED', attempts: 1 });
    expect(server.seen).toHaveLength(1);
  });
});
