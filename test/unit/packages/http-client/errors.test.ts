import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createHttpClient,
  HttpClientError,
  InvalidRequestError,
  NotFoundError,
  PermissionDeniedError,
  UnauthorizedError,
  UnavailableError,
  UnexpectedAnswerError,
} from '../../../../packages/http-client/src/index.ts';
import { flood } from '../../../support/flood.ts';
import { API_KEY, CASE, clientOf, errorOf, exampleOrder } from './client-of.ts';
import {
  type ContractServer,
  data,
  failure,
  json,
  page,
  startContractServer,
} from './contract-server.ts';

let server: ContractServer;
beforeEach(async () => {
  server = await startContractServer();
});
afterEach(() => server.close());

const place = () => errorOf(clientOf(server.url).placeOrder(CASE, exampleOrder()));

describe('an error of the API', () => {
  it('lists every problem of a request with its path', async () => {
    const errors = [
      { path: 'order.prescriber.firstName', message: 'firstName is required' },
      { path: 'order.diagnosis', message: 'diagnosis is required' },
    ];
    server.answer(failure(400, 'firstName is required', { errors }));
    const error = await place();
    expect(error).toBeInstanceOf(InvalidRequestError);
    expect(error).toMatchObject({ message: 'firstName is required', errors, status: 400 });
  });

  it('lists the one problem that the original tells', async () => {
    server.answer(failure(400, 'firstName is required'));
    expect(await place()).toMatchObject({
      errors: [{ path: 'firstName', message: 'firstName is required' }],
    });
  });

  it.each([
    [401, UnauthorizedError, 'UNAUTHORIZED'],
    [403, PermissionDeniedError, 'PERMISSION_DENIED'],
    [404, NotFoundError, 'NOT_FOUND'],
    [413, InvalidRequestError, 'INVALID_REQUEST'],
    [500, UnavailableError, 'UNAVAILABLE'],
  ])('has a class and a code of its own: %i', async (status, errorClass, code) => {
    server.answer(
      json(status, { status, success: false, error: 'no' }, { 'x-request-id': 'req-1' }),
    );
    const error = await place();
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toBeInstanceOf(HttpClientError);
    expect(error).toMatchObject({ name: errorClass.name, code, status, requestId: 'req-1' });
    expect(error).toMatchObject({ outcomeUnknown: status === 500 });
  });
});

describe('an answer that is not of the API', () => {
  it.each([200, 400, 401, 403, 404, 409, 418])(
    'is an error of its own, and nothing of it is kept: a page with %i',
    async (status) => {
      server.answer(page(status));
      const error = await place();
      expect(error).toBeInstanceOf(UnexpectedAnswerError);
      expect(error).toMatchObject({ fault: 'not-json', status, outcomeUnknown: status === 200 });
      expect(inspect(error, { showHidden: true, depth: null })).not.toContain('Jane');
    },
  );

  it.each([
    [{}],
    [{ data: null }],
    [{ data: { order: {} } }],
    [{ data: { order: { id: 7 } } }],
    [[]],
    [null],
  ])('has not what is needed: %j', async (body) => {
    server.answer(json(200, body));
    expect(await place()).toMatchObject({ fault: 'shape', outcomeUnknown: true });
  });

  it('is one without an end, which is not read on', async () => {
    let flooded = () => 0;
    server.answer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      flooded = flood(response, '{"data":"');
    });
    expect(await place()).toMatchObject({ fault: 'not-json', attempts: 1, outcomeUnknown: true });
    expect(flooded()).toBeLessThan(40 * 1024 * 1024);
  });

  it('is a 409 of something else', async () => {
    server.answer(failure(409, 'no', { code: 'ANOTHER' }));
    expect(await place()).toMatchObject({ code: 'UNEXPECTED_ANSWER', fault: 'status' });
  });

  it.each([301, 302, 303, 307, 308])(
    'is a redirect (%i), which the key does not follow',
    async (status) => {
      const elsewhere = await startContractServer();
      elsewhere.answer(data({ order: { id: 'elsewhere' } }));
      server.answer(json(status, {}, { location: `${elsewhere.url}/api/v1/cases/${CASE}` }));
      expect(await place()).toMatchObject({ fault: 'redirect', status });
      expect(elsewhere.seen).toHaveLength(0);
      await elsewhere.close();
    },
  );
});

describe('secrets', () => {
  it('are in no error, however it is looked at', async () => {
    const client = clientOf(server.url, { retries: { maxAttempts: 1 }, attemptTimeoutMs: 100 });
    const handlers = [
      failure(401, 'Unauthorized'),
      page(200),
      () => {},
      (response: { destroy(): void }) => response.destroy(),
      failure(500, API_KEY),
      json(302, {}, { location: `/${API_KEY}` }),
    ];
    for (const handler of handlers) {
      server.answer(handler);
      const error = await errorOf(
        client.placeOrder(CASE, exampleOrder(), { idempotencyKey: 'jane-sample-1001' }),
      );
      const shown = `${inspect(error, { showHidden: true, depth: null })}${JSON.stringify(error)}`;
      expect(shown).not.toContain(API_KEY);
      expect(shown).not.toContain('jane-sample');
      expect(shown).not.toContain(exampleOrder().diagnosis);
      expect(error).toMatchObject({ idempotencyKey: 'jane-sample-1001' });
    }
  });

  it('are not in what a client shows of itself', () => {
    expect(inspect(clientOf(server.url), { showHidden: true, depth: null })).not.toContain(API_KEY);
  });

  it('are not in the error for a key that no header can hold', () => {
    for (const apiKey of ['secret\nkey', ' secret', 'secrét', '']) {
      const make = () => createHttpClient({ baseUrl: server.url, apiKey });
      expect(make).toThrow(TypeError);
      expect(make).toThrow(/^apiKey must be printable ASCII/);
    }
  });

  it('are not in the error of a fetch that quotes what it was given', async () => {
    const client = clientOf(server.url, {
      retries: { maxAttempts: 1 },
      fetch: (url, init) => Promise.reject(new Error(inspect([url, init]), { cause: { init } })),
    });
    const error = await errorOf(client.placeOrder(CASE, exampleOrder()));
    expect(error).toMatchObject({ code: 'NETWORK', causeCode: undefined });
    expect(inspect(error, { showHidden: true, depth: null })).not.toContain(API_KEY);
  });
});

describe('what cannot be sent', () => {
  it.each(['', '.', '..', '\ud800'])('is the id %j, and nothing is sent', async (id) => {
    const client = clientOf(server.url);
    expect(await errorOf(client.getOrder(id, 'o'))).toMatchObject({ errors: [{ path: 'caseId' }] });
    expect(await errorOf(client.getOrder(CASE, id))).toMatchObject({
      code: 'INVALID_REQUEST',
      status: undefined,
      attempts: 0,
      errors: [{ path: 'orderId' }],
    });
    expect(server.seen).toHaveLength(0);
  });

  it.each(['', ' key', 'key ', 'ключ', 'a\nb', 'x'.repeat(256)])(
    'is the key %j in a look-up',
    async (key) => {
      const error = await errorOf(clientOf(server.url).findByIdempotencyKey(key));
      expect(error).toMatchObject({ errors: [{ path: 'idempotencyKey' }] });
      expect(server.seen).toHaveLength(0);
    },
  );

  it.each([
    [{ baseUrl: 'example.com' }, 'baseUrl'],
    [{ baseUrl: 'ftp://example.com' }, 'baseUrl'],
    [{ baseUrl: 'https://user:word@example.com' }, 'baseUrl'],
    [{ baseUrl: 'https://example.com?a=b' }, 'baseUrl'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ attemptTimeoutMs: Number.NaN }, 'attemptTimeoutMs'],
    [{ retries: { maxAttempts: 0 } }, 'retries.maxAttempts'],
    [{ retries: { maxDelayMs: -1 } }, 'retries.maxDelayMs'],
  ])('is an option that breaks a rule: %j', (options, name) => {
    const make = () => createHttpClient({ baseUrl: server.url, apiKey: 'key', ...options });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(name);
  });
});
