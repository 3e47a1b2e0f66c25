import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGroupCommit } from '../../../src/orders/group-commit.ts';
import type { NewOrder, StoreOutcome } from '../../../src/orders/store-orders.ts';
import { DatabaseTimeoutError } from '../../../src/storage/database.ts';

const ACCEPTED: StoreOutcome = { lawful: true, permitted: true, addressed: true, accepted: true };

function order(orderId: string, organizationId = 'one', prescription = 'sealed'): NewOrder {
  return {
    ...{ orderId, organizationId, prescription, caseId: 'a-case', pharmacyId: 'a-pharmacy' },
    ...{
      dataKey: 'sealed',
      idempotencyHash: null,
      idempotencyKey: null,
      traceparent: null,
      shippingAddress: null,
    },
    fingerprint: Buffer.from('fingerprint'),
    ...{ faulty: false, hasAddress: true },
    by: { actorKind: 'key', actor: 'a-key' },
  };
}

const refusal = (code: string) => Object.assign(new Error(code), { severity: 'ERROR', code });

/** A store whose transactions end when the test says so. */
function manualStore() {
  const flights: {
    ids: string[];
    limitMs: number;
    commit: () => void;
    fail: (error: Error) => void;
  }[] = [];
  const store = createGroupCommit(
    (_organization, orders, limitMs) =>
      new Promise((resolve, reject) => {
        const ids = orders.map(({ orderId }) => orderId);
        const commit = () => resolve(orders.map(() => ACCEPTED));
        flights.push({ ids, limitMs, commit, fail: reject });
      }),
  );
  return { flights, store };
}

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

/** Lets all settled promises continue. */
const settle = () => vi.advanceTimersByTimeAsync(0);

describe('a group commit', () => {
  it('stores a lone order at once, and what comes meanwhile in the next transaction', async () => {
    const { flights, store } = manualStore();
    const answers = ['a', 'b', 'c'].map((id) => store(order(id)));
    expect(flights.map(({ ids }) => ids)).toEqual([['a']]);
    flights[0]?.commit();
    await settle();
    expect(flights.map(({ ids }) => ids)).toEqual([['a'], ['b', 'c']]);
    flights[1]?.commit();
    expect(await Promise.all(answers)).toEqual([ACCEPTED, ACCEPTED, ACCEPTED]);
  });

  it('does not let organizations wait for each other', () => {
    const { flights, store } = manualStore();
    void store(order('a', 'one'));
    void store(order('b', 'two'));
    expect(flights.map(({ ids }) => ids)).toEqual([['a'], ['b']]);
  });

  it('bounds a transaction by its orders and by their text', async () => {
    const { flights, store } = manualStore();
    void store(order('first'));
    for (let n = 0; n < 150; n += 1) void store(order(`small-${n}`));
    for (let n = 0; n < 3; n += 1) void store(order(`large-${n}`, 'one', 'x'.repeat(3_000_000)));
    for (let n = 0; n < flights.length; n += 1) {
      flights[n]?.commit();
      await settle();
    }
    expect(flights.map(({ ids }) => ids.length)).toEqual([1, 100, 51, 1, 1]);
  });

  it('fails only the order that Postgres refuses', async () => {
    const store = createGroupCommit(async (_organization, orders) => {
      if (orders.some(({ orderId }) => orderId === 'bad')) throw refusal('22021');
      return orders.map(() => ACCEPTED);
    });
    const answers = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((id) => store(order(id))));
    expect(answers.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    ]);
  });

  it.each([
    ['a connection that breaks, because the orders may be stored', new Error('CONNECTION_CLOSED')],
    ['a disk that is full, because nothing can be stored', refusal('53100')],
    ['a statement that takes too long', refusal('57014')],
  ])('stores no order a second time after %s', async (_, error) => {
    const { flights, store } = manualStore();
    const answers = Promise.allSettled(['a', 'b', 'c'].map((id) => store(order(id))));
    flights[0]?.commit();
    await settle();
    flights[1]?.fail(error);
    expect((await answers).map(({ status }) => status)).toEqual([
      ...['fulfilled', 'rejected', 'rejected'],
    ]);
    expect(flights).toHaveLength(2);
  });

  it('never stores an order after its two seconds, which count from the call', async () => {
    const { flights, store } = manualStore();
    void store(order('first'));
    await vi.advanceTimersByTimeAsync(500);
    const late = store(order('late')).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1_500);
    const next = store(order('next'));
    await vi.advanceTimersByTimeAsync(500);
    expect(await late).toBeInstanceOf(DatabaseTimeoutError);
    flights[0]?.commit();
    await settle();
    expect(flights[1]?.ids).toEqual(['next']);
    expect(flights[1]?.limitMs).toBe(1_500);
    flights[1]?.commit();
    await next;
  });

  it('gives each order its own answer, whatever comes when', async () => {
    vi.useRealTimers();
    const arrivals = fc.array(
      fc.record({
        organization: fc.constantFrom('one', 'two'),
        kind: fc.constantFrom('accepted', 'conflict', 'refused'),
        pause: fc.boolean(),
      }),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(arrivals, async (orders) => {
        const stored: string[] = [];
        const store = createGroupCommit(async (_organization, batch) => {
          await Promise.resolve();
          if (batch.some(({ orderId }) => orderId.startsWith('refused'))) throw refusal('23503');
          stored.push(...batch.map(({ orderId }) => orderId));
          return batch.map(({ orderId }) => ({
            ...ACCEPTED,
            accepted: orderId.startsWith('accepted'),
          }));
        });
        const answers: Promise<string>[] = [];
        for (const [n, { kind, organization, pause }] of orders.entries()) {
          const answer = store(order(`${kind}-${n}`, organization));
          answers.push(
            answer.then(
              ({ accepted }) => (accepted ? 'accepted' : 'conflict'),
              () => 'refused',
            ),
          );
          if (pause) await Promise.resolve();
        }
        expect(await Promise.all(answers)).toEqual(orders.map(({ kind }) => kind));
        expect(new Set(stored).size).toBe(stored.length);
      }),
    );
  });
});
