import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  HttpClientError,
  IdempotencyConflictError,
} from '../../../../packages/http-client/src/index.ts';
import { CASE, clientOf, errorOf, exampleOrder } from './client-of.ts';
import { type ContractServer, type Fault, startContractServer } from './contract-server.ts';

let server: ContractServer;
let original: ContractServer;
beforeEach(async () => {
  [server, original] = await Promise.all([
    startContractServer(),
    startContractServer({ original: true }),
  ]);
});
afterEach(async () => {
  await Promise.all([server.close(), original.close()]);
});

/** After these the order is stored, and the caller was not told. */
const LOST: Fault[] = [
  'drop after',
  'half an answer after',
  'half a JSON after',
  'hang after',
  '503 after',
  '502 page after',
];
/** After these it is not. */
const REFUSED: Fault[] = ['drop before', 'hang before', '503 before', '429 before'];
const SHORT = { attemptTimeoutMs: 300 };

describe('a placement', () => {
  it('gives the order and the key that it made', async () => {
    const { orderId, idempotencyKey, recovered } = await clientOf(server.url).placeOrder(
      CASE,
      exampleOrder(),
    );

    expect(recovered).toBe(false);
    expect(server.orders).toMatchObject([{ id: orderId, key: idempotencyKey }]);
    expect(idempotencyKey).toMatch(/^[0-9a-f-]{36}$/);
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({ method: 'POST', url: `/api/v1/cases/${CASE}` });
    expect(JSON.parse(server.seen[0]!.body)).toEqual({
      action: 'PLACE_ORDER',
      idempotencyKey,
      order: exampleOrder(),
    });
  });

  it.each(LOST)('finds its order again when its answer is lost: %s', async (fault) => {
    server.misbehave(fault);

    const placed = await clientOf(server.url, SHORT).placeOrder(CASE, exampleOrder());

    expect(placed.recovered).toBe(true);
    expect(server.orders).toMatchObject([{ id: placed.orderId, key: placed.idempotencyKey }]);
  });

  it.each(REFUSED)('is tried again when nothing was stored: %s', async (fault) => {
    server.misbehave(fault);

    const placed = await clientOf(server.url, SHORT).placeOrder(CASE, exampleOrder());

    expect(placed.recovered).toBe(false);
    expect(server.orders).toMatchObject([{ id: placed.orderId }]);
  });

  it('sends the same bytes at each attempt, also when the caller changes the order', async () => {
    server.misbehave('drop before', 'drop before');
    const order = exampleOrder();

    const placing = clientOf(server.url).placeOrder(CASE, order);
    order.diagnosis = 'changed meanwhile';
    await placing;

    expect(server.seen).toHaveLength(3);
    expect(new Set(server.seen.map(({ body }) => body)).size).toBe(1);
    expect(server.seen[0]!.body).not.toContain('changed meanwhile');
  });

  it('tells in its error that it may be placed, and its key finds it later', async () => {
    server.misbehave('drop after', 'drop before');
    const client = clientOf(server.url, { retries: { maxAttempts: 2 } });

    const error = (await errorOf(client.placeOrder(CASE, exampleOrder()))) as HttpClientError;

    expect(error).toMatchObject({ code: 'NETWORK', outcomeUnknown: true, attempts: 2 });
    const again = await errorOf(
      client.placeOrder(CASE, exampleOrder(), { idempotencyKey: error.idempotencyKey }),
    );
    expect(again).toMatchObject({ existing: { orderId: server.orders[0]!.id } });
    expect(server.orders).toHaveLength(1);
  });
});

describe('a used key', () => {
  const idempotencyKey = 'prescription 1001';

  it('is a conflict that names the order of an equal payload when no answer was lost', async () => {
    const client = clientOf(server.url);
    const { orderId } = await client.placeOrder(CASE, exampleOrder(), { idempotencyKey });

    const error = await errorOf(client.placeOrder(CASE, exampleOrder(), { idempotencyKey }));

    expect(error).toBeInstanceOf(IdempotencyConflictError);
    expect(error).toMatchObject({
      code: 'IDEMPOTENCY_ERROR',
      status: 409,
      existing: { orderId, caseId: CASE },
      ownRetry: false,
      outcomeUnknown: false,
    });
  });

  it('is no lost answer of ours when the server was busy or away before', async () => {
    const client = clientOf(server.url);
    await client.placeOrder(CASE, exampleOrder(), { idempotencyKey });
    server.misbehave('429 before');

    const error = await errorOf(client.placeOrder(CASE, exampleOrder(), { idempotencyKey }));

    expect(error).toMatchObject({ ownRetry: false, attempts: 2 });
  });

  it('is a conflict after a lost answer, too, when the payload is another', async () => {
    const client = clientOf(server.url);
    await client.placeOrder(CASE, exampleOrder(), { idempotencyKey });
    server.misbehave('drop before');
    const other = { ...exampleOrder(), diagnosis: 'another' };

    const error = await errorOf(client.placeOrder(CASE, other, { idempotencyKey }));

    expect(error).toMatchObject({
      code: 'IDEMPOTENCY_ERROR',
      existing: undefined,
      ownRetry: false,
      outcomeUnknown: false,
      attempts: 2,
    });
  });

  it('is not taken for the own order when the server names one of another case', async () => {
    server.answer(
      (response) => response.destroy(),
      (response) => {
        response.writeHead(409, {
          'content-type': 'application/json',
          'idempotency-match': 'same',
          location: '/api/v1/cases/another/orders/1',
        });
        response.end('{"status":409,"success":false,"code":"IDEMPOTENCY_ERROR"}');
      },
    );

    const error = await errorOf(clientOf(server.url).placeOrder(CASE, exampleOrder()));

    expect(error).toMatchObject({ existing: { caseId: 'another', orderId: '1' }, ownRetry: true });
  });
});

describe('against the original, which adds no headers', () => {
  it('places', async () => {
    const { orderId } = await clientOf(original.url).placeOrder(CASE, exampleOrder());
    expect(original.orders).toMatchObject([{ id: orderId }]);
  });

  it.each(LOST)(
    'says that the order is probably its own when an answer was lost: %s',
    async (fault) => {
      original.misbehave(fault);

      const error = await errorOf(clientOf(original.url, SHORT).placeOrder(CASE, exampleOrder()));

      expect(error).toBeInstanceOf(IdempotencyConflictError);
      expect(error).toMatchObject({ existing: undefined, ownRetry: true, outcomeUnknown: true });
      expect(original.orders).toHaveLength(1);
    },
  );

  it('says that a key was used when no answer was lost', async () => {
    const client = clientOf(original.url);
    await client.placeOrder(CASE, exampleOrder(), { idempotencyKey: 'used' });

    const error = await errorOf(
      client.placeOrder(CASE, exampleOrder(), { idempotencyKey: 'used' }),
    );

    expect(error).toMatchObject({ existing: undefined, ownRetry: false, outcomeUnknown: false });
  });
});

it('makes at most one order a key, whatever goes wrong, and never says otherwise', async () => {
  const fault = fc.constantFrom<Fault>('none', ...LOST, ...REFUSED);
  const schedule = fc.array(fault, { maxLength: 5 });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(schedule, schedule, fc.boolean(), async (first, second, isOriginal) => {
      const target = isOriginal ? original : server;
      const client = clientOf(target.url, { attemptTimeoutMs: 150, retries: { maxAttempts: 3 } });
      run += 1;
      const idempotencyKey = `run ${run}`;
      // Two calls, as of a caller that comes back after an error.
      for (const faults of [first, second]) {
        target.misbehave(...faults);
        const outcome = await client
          .placeOrder(CASE, exampleOrder(), { idempotencyKey })
          .catch((error: unknown) => error as HttpClientError);
        const stored = target.orders.filter(({ key }) => key === idempotencyKey);

        expect(stored.length).toBeLessThanOrEqual(1);
        if (!(outcome instanceof HttpClientError)) expect(stored[0]?.id).toBe(outcome.orderId);
        else if (outcome instanceof IdempotencyConflictError) expect(stored).toHaveLength(1);
        else if (!outcome.outcomeUnknown && faults === first) expect(stored).toHaveLength(0);
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);
