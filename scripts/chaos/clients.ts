import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { examplePlaceOrder } from '../../test/support/example.ts';
import { type Answer, ask, CASE } from './api.ts';
import type { ClientAnswer, ClientRecord } from './evidence.ts';
import type { PlannedOrder } from './schedule.ts';

const RETRY_MS = 300;

const placedSchema = z.object({ data: z.object({ order: z.object({ id: z.string() }) }) });

/** The clients of a run, and their ledger. */
export interface Clients {
  /** One record a key; grows while they run. */
  readonly records: readonly ClientRecord[];
  /** The orders that were acknowledged so far, with their pharmacies. */
  acknowledged(): { orderId: string; pharmacyId: string }[];
  /** Resolves when each has its answers, or gave up at the deadline. */
  readonly done: Promise<unknown>;
}

/**
 * Starts the clients: each places its order at its time, asks again under the same key until it is
 * answered, at another server each time, and cancels where the plan says so.
 *
 * @param doors where the servers are.
 * @param keyOf names the idempotency key of an order by its number.
 * @param deadline milliseconds since the epoch.
 */
export function startClients(
  orders: readonly PlannedOrder[],
  options: {
    readonly doors: readonly string[];
    readonly keyOf: (index: number) => string;
    readonly deadline: number;
    readonly signal: AbortSignal;
  },
): Clients {
  const { doors, deadline, signal } = options;
  const ledger = orders.map(({ pharmacyId, cancelAfterMs }, index) => ({
    key: options.keyOf(index),
    pharmacyId,
    cancels: cancelAfterMs !== null,
    answers: [] as ClientAnswer[],
  }));
  let turn = 0;
  const door = () => `${doors[((turn += 1)) % doors.length]}${CASE}`;
  const isOver = () => signal.aborted || Date.now() > deadline;

  async function run(order: PlannedOrder, index: number): Promise<void> {
    await sleep(order.atMs, undefined, { signal });
    const record = ledger[index];
    if (record === undefined) return;
    const equal = Array.from({ length: order.copies }, () => place(order, record));
    const [orderId] = await Promise.all(equal);
    if (orderId === undefined) return;
    if (order.asksAgain) await place(order, record);
    if (order.cancelAfterMs === null) return;
    await sleep(order.cancelAfterMs, undefined, { signal });
    await cancel(orderId, record);
  }

  async function place(
    { pharmacyId, replay }: PlannedOrder,
    { key, answers }: (typeof ledger)[number],
  ): Promise<string | undefined> {
    const example = examplePlaceOrder();
    const body = { ...example, idempotencyKey: key, order: { ...example.order, pharmacyId } };
    const headers: Record<string, string> = replay ? { 'idempotency-mode': 'replay' } : {};
    while (!isOver()) {
      const answer = await ask(door(), body, headers);
      const orderId = orderIdOf(answer);
      const replayed = answer.headers.get('idempotency-replayed') === 'true';
      answers.push({ status: answer.status, orderId, replayed });
      if (orderId !== undefined) return orderId;
      await sleep(RETRY_MS, undefined, { signal });
    }
    return undefined;
  }

  async function cancel(orderId: string, record: (typeof ledger)[number]): Promise<void> {
    while (!isOver()) {
      const { status } = await ask(door(), { action: 'CANCEL_ORDER', orderId });
      if (status === 200 || status === 409) return;
      // No order comes of it: it stands in the ledger as an answer like the others.
      record.answers.push({ status });
      await sleep(RETRY_MS, undefined, { signal });
    }
  }

  return {
    records: ledger,
    acknowledged: () =>
      ledger.flatMap(({ pharmacyId, answers }) => {
        const orderId = answers.find((answer) => answer.orderId !== undefined)?.orderId;
        return orderId === undefined ? [] : [{ orderId, pharmacyId }];
      }),
    done: Promise.allSettled(orders.map(run)),
  };
}

/** The order that an answer acknowledges: a 200's, or the one that has the key already. */
function orderIdOf({ status, headers, json }: Answer): string | undefined {
  if (status === 200) {
    const placed = placedSchema.safeParse(json);
    return placed.success ? placed.data.data.order.id : undefined;
  }
  if (status !== 409 || headers.get('idempotency-match') !== 'same') return undefined;
  return headers.get('location')?.split('/').at(-1);
}
