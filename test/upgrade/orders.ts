import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ask, CASE } from '../../scripts/chaos/api.ts';
import {
  acknowledgedOf,
  type Clients,
  createSender,
  type OpenRecord,
} from '../../scripts/chaos/clients.ts';
import { eventually } from '../support/eventually.ts';
import type { Build } from './obtain-build.ts';
import type { UpgradeSystem } from './system.ts';

/** The pharmacies whose orders end without anybody's help, soon or after failures, news and polls. */
const SELF_ENDING = [
  ...['pharmacy-123', 'pharmacy-silent', 'pharmacy-refuses', 'pharmacy-rejects', 'pharmacy-flaky'],
  ...['pharmacy-lost-reply', 'pharmacy-early', 'pharmacy-chatty', 'pharmacy-bad-document'],
  ...['pharmacy-corrupt', 'pharmacy-tracking', 'pharmacy-loose', 'pharmacy-rendering'],
  ...['pharmacy-late-documents', 'pharmacy-corrects', 'pharmacy-files-elsewhere'],
  ...['pharmacy-contradicts'],
];
/** The pharmacy whose orders need an operator once, see {@link needOperator}. */
const STUMBLING = 'pharmacy-slow';

/** How long an order may take to its status. */
const LIMIT_MS = 90_000;
/** How long a client repeats a request. */
const ANSWER_MS = 5 * 60_000;
const PAUSE_MS = 1_000;
const BACKGROUND_CLIENTS = 2;

const orderSchema = z.object({ data: z.object({ order: z.object({ status: z.string() }) }) });

/** Orders that stay open until somebody does something. */
export interface OpenOrders {
  /** They wait for the pharmacy's completion. */
  readonly waiting: readonly string[];
  /** The same; the organization will cancel them. */
  readonly cancelled: readonly string[];
  /** They need attention; an operator's retry helps. */
  readonly stuck: readonly string[];
}

/** What the clients of a run do, with their ledger. */
export interface Orders {
  /** The ledger, as the checker of chaos takes it. */
  readonly clients: Clients;
  /** Places an order at each kind of pharmacy, and waits until those that stay open have got where they stay. */
  placeSome(): Promise<OpenOrders>;
  /** Places orders that wait for the pharmacy's completion, and waits until they do. */
  placeWaiting(count: number): Promise<string[]>;
  /** Completes, cancels and repairs what {@link placeSome} left open; the operator uses the `rx` of a build. */
  finish(orders: OpenOrders, build: Build): Promise<void>;
  complete(orderIds: readonly string[]): Promise<void>;
  /** Places orders, also twice under one key at the two servers, while something else runs. */
  during(work: () => Promise<void>): Promise<void>;
  statusOf(orderId: string): Promise<string | undefined>;
  reach(orderId: string, ...statuses: string[]): Promise<void>;
}

/** @param name makes the idempotency keys unique. */
export function createOrders(system: UpgradeSystem, name: string, signal: AbortSignal): Orders {
  const records: OpenRecord[] = [];
  const deadline = Date.now() + 60 * 60_000;
  const sender = createSender({ serverUrls: system.serverUrls, deadline, signal });

  function newRecord(pharmacyId: string, cancels = false): OpenRecord {
    const record = { key: `${name}-${records.length}`, pharmacyId, cancels, answers: [] };
    records.push(record);
    return record;
  }

  async function place(pharmacyId: string, cancels = false): Promise<string> {
    const record = newRecord(pharmacyId, cancels);
    const timeout = sleep(ANSWER_MS, undefined, { ref: false });
    const orderId = await Promise.race([sender.place(record), timeout]);
    if (orderId === undefined) throw new Error(`${record.key} was not acknowledged`);
    return orderId;
  }

  const placeAll = (pharmacyIds: readonly string[], cancels = false) =>
    Promise.all(pharmacyIds.map((pharmacyId) => place(pharmacyId, cancels)));

  async function statusOf(orderId: string): Promise<string | undefined> {
    // Either server may be the one that is being replaced.
    for (const url of system.serverUrls) {
      const shown = orderSchema.safeParse((await ask(`${url}${CASE}/orders/${orderId}`)).json);
      if (shown.success) return shown.data.data.order.status;
    }
    return undefined;
  }

  async function reach(orderId: string, ...statuses: string[]): Promise<void> {
    let last: string | undefined;
    const isThere = async () => {
      last = await statusOf(orderId);
      return last !== undefined && statuses.includes(last);
    };
    await eventually(`${orderId} is ${statuses.join(' or ')}`, isThere, LIMIT_MS).catch((error) => {
      throw new Error(`${(error as Error).message}; it is ${last ?? 'unreadable'}`);
    });
  }

  async function complete(orderIds: readonly string[]): Promise<void> {
    for (const id of orderIds) await system.control(`orders/${id}/advance`, { to: 'completed' });
  }

  return {
    statusOf,
    reach,
    complete,
    clients: {
      records,
      acknowledged: () => acknowledgedOf(records),
      done: Promise.resolve(),
    },
    async placeSome() {
      const manual = ['pharmacy-manual', 'pharmacy-manual'];
      const [waiting, cancelled, stuck] = await Promise.all([
        placeAll(manual),
        placeAll(['pharmacy-manual'], true),
        placeAll([STUMBLING, STUMBLING]),
        // The first fails until the pharmacy is up again, and is delayed after a minute.
        placeAll(['pharmacy-down', ...SELF_ENDING]),
      ]);
      for (const id of [...waiting, ...cancelled]) await reach(id, 'AWAITING_COMPLETION');
      for (const id of stuck) await reach(id, 'NEEDS_ATTENTION');
      return { waiting, cancelled, stuck };
    },
    async placeWaiting(count) {
      const placed = await placeAll(Array.from({ length: count }, () => 'pharmacy-manual'));
      for (const id of placed) await reach(id, 'AWAITING_COMPLETION');
      return placed;
    },
    async finish({ waiting, cancelled, stuck }, build) {
      await complete(waiting);
      for (const id of cancelled) {
        const record = records.find(({ answers }) => answers.some((one) => one.orderId === id));
        if (record !== undefined) await sender.cancel(id, record);
      }
      for (const id of stuck) await system.rx(build, ['order', 'retry', id, '--reason', 'again']);
    },
    async during(work) {
      let over = false;
      const client = async (nth: number) => {
        for (let turn = nth; !over; turn += 1) {
          const record = newRecord(turn % 3 === 0 ? 'pharmacy-123' : 'pharmacy-early');
          // Equal requests reach both servers at once, which may be of two builds.
          const copies = turn % 2 === 0 ? 2 : 1;
          await Promise.all(Array.from({ length: copies }, () => sender.place(record)));
          await sleep(PAUSE_MS, undefined, { signal });
        }
      };
      const clients = Array.from({ length: BACKGROUND_CLIENTS }, (_, nth) => client(nth));
      try {
        await work();
      } finally {
        over = true;
        await Promise.all(clients);
      }
    },
  };
}

/** Lets each order at one pharmacy be refused once, so that it needs an operator, and completed after that. */
export async function needOperator(system: UpgradeSystem): Promise<void> {
  await system.control(`pharmacies/${STUMBLING}`, {
    placementFaults: [403],
    completeAfterMs: 300,
  });
}
