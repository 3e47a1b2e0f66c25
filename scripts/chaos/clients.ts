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
  /** One record for each key. Grows during the run. */
  readonly records: readonly ClientRecord[];
  /** The orders that the API has acknowledged so far, with their pharmacies. */
  acknowledged(): { orderId: string; pharmacyId: string }[];
  /** Resolves when each client has its answers or has given up at the deadline. */
  readonly done: Promise<unknown>;
}

/** A record that its client still writes. */
export type OpenRecord = ClientRecord & { readonly answers: ClientAnswer[] };

/** How a client sends its requests: each is sent again, to another server, until it is answered. */
export interface Sender {
  /** @returns the order's id; undefined when the time is over. */
  place(record: OpenRecord, replay?: boolean): Promise<string | undefined>;
  cancel(orderId: string, record: OpenRecord): Promise<void>;
}

/**
 * Creates a {@link Sender}, which writes the answers into the records.
 *
 * @param serverUrls the URLs of the servers.
 * @param deadline when it gives up, in milliseconds since the epoch.
 */
export function createSender(options: {
  readonly serverUrls: readonly string[];
  readonly deadline: number;
  readonly signal: AbortSignal;
}): Sender {
  const { serverUrls, deadline, signal } = options;
  let turn = 0;
  const nextUrl = () => `${serverUrls[((turn += 1)) % serverUrls.length]}${CASE}`;
  const isOver = () => signal.aborted || Date.now() > deadline;
  return {
    async place({ key, pharmacyId, answers }, replay = false) {
      const example = examplePlaceOrder();
      const body = { ...example, idempotencyKey: key, order: { ...example.order, pharmacyId } };
      const headers: Record<string, string> = replay ? { 'idempotency-mode': 'replay' } : {};
      while (!isOver()) {
        const answer = await ask(nextUrl(), body, headers);
        const orderId = orderIdOf(answer);
        const replayed = answer.headers.get('idempotency-replayed') === 'true';
        answers.push({ status: answer.status, orderId, replayed });
        if (orderId !== undefined) return orderId;
        await sleep(RETRY_MS, undefined, { signal });
      }
      return undefined;
    },
    async cancel(orderId, record) {
      while (!isOver()) {
        const { status } = await ask(nextUrl(), { action: 'CANCEL_ORDER', orderId });
        if (status === 200 || status === 409) return;
        // The ledger records a failed cancellation too, although it creates no order.
        record.answers.push({ status });
        await sleep(RETRY_MS, undefined, { signal });
      }
    },
  };
}

/** The orders of some records that the API has acknowledged, with their pharmacies. */
export function acknowledgedOf(
  records: readonly ClientRecord[],
): { orderId: string; pharmacyId: string }[] {
  return records.flatMap(({ pharmacyId, answers }) => {
    const orderId = answers.find((answer) => answer.orderId !== undefined)?.orderId;
    return orderId === undefined ? [] : [{ orderId, pharmacyId }];
  });
}

/**
 * Starts the clients. Each places its order at the planned time and retries under the same key until it
 * gets an answer, on another server each time. It cancels the order if the plan says so.
 *
 * @param serverUrls the URLs of the servers.
 * @param keyOf makes the idempotency key of an order from its number.
 * @param deadline milliseconds since the epoch.
 */
export function startClients(
  orders: readonly PlannedOrder[],
  options: {
    readonly serverUrls: readonly string[];
    readonly keyOf: (index: number) => string;
    readonly deadline: number;
    readonly signal: AbortSignal;
  },
): Clients {
  const { signal } = options;
  const sender = createSender(options);
  const ledger = orders.map(({ pharmacyId, cancelAfterMs }, index): OpenRecord => {
    return {
      key: options.keyOf(index),
      pharmacyId,
      cancels: cancelAfterMs !== null,
      answers: [],
    };
  });

  async function run(order: PlannedOrder, index: number): Promise<void> {
    await sleep(order.atMs, undefined, { signal });
    const record = ledger[index];
    if (record === undefined) return;
    const equal = Array.from({ length: order.copies }, () => sender.place(record, order.replay));
    const [orderId] = await Promise.all(equal);
    if (orderId === undefined) return;
    if (order.asksAgain) await sender.place(record, order.replay);
    if (order.cancelAfterMs === null) return;
    await sleep(order.cancelAfterMs, undefined, { signal });
    await sender.cancel(orderId, record);
  }

  return {
    records: ledger,
    acknowledged: () => acknowledgedOf(ledger),
    done: Promise.allSettled(orders.map(run)),
  };
}

/** The order that an answer acknowledges: the order of a 200, or the order that already has the key. */
function orderIdOf({ status, headers, json }: Answer): string | undefined {
  if (status === 200) {
    const placed = placedSchema.safeParse(json);
    return placed.success ? placed.data.data.order.id : undefined;
  }
  if (status !== 409 || headers.get('idempotency-match') !== 'same') return undefined;
  return headers.get('location')?.split('/').at(-1);
}
