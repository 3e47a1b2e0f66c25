import { backoffMs } from '../lib/backoff.ts';
import { createInterruptibleSleep } from '../lib/interruptible-sleep.ts';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { callWithTimeout, temporalCode, type WithDeadline } from '../temporal/call-with-timeout.ts';
import { orderWorkflowId } from '../workflows/order-messages.ts';
import type { Deliver } from './deliver.ts';
import { completeRow, FIRST_ID, leaseRows, type OutboxRow, postponeRow } from './outbox.ts';
import { createPacer } from './pacer.ts';

/** Concurrent starts of orders: about as many as keep a worker process busy. */
const MOST_STARTS = 4;
/** An organization with so many rows in progress, starts or others, gets no further start. */
const STARTS_OF_ONE = 3;
/** Concurrent signals, in total and of one organization, so that one cannot use them all. */
const MOST_SIGNALS = 32;
const SIGNALS_OF_ONE = 24;
/** Longer than the longest delivery, so that another process takes over a row only if this one died. */
const LEASE_MS = 20_000;
/** Longest time between two polls. Notifications come earlier, but can be lost with their connection. */
const POLL_MS = 1_000;
const BACKOFF = { initialMs: 500, maxMs: 10_000 };

/** The dispatcher of one process; any number of processes may run one. */
export interface Dispatcher {
  /** When the dispatcher last read the outbox, in milliseconds since the epoch. */
  lastRound(): number;
  /** Stops taking rows, finishes those in progress, and resolves. */
  stop(): Promise<void>;
}

/**
 * Starts delivering the outbox to Temporal, each row at least once. The dispatcher deletes a row after
 * Temporal accepts it, and retries a row that fails without limit. A failing row delays only the later
 * rows of its own order.
 */
export function startDispatcher(dependencies: {
  readonly database: Database;
  readonly deliver: Deliver;
  readonly withDeadline: WithDeadline;
  readonly log: Log;
}): Dispatcher {
  const { database, log } = dependencies;
  const waker = createInterruptibleSleep();
  let stopped = false;
  let lastRound = Date.now();

  const pacer = createPacer(database);
  const starts = createLane('starts', MOST_STARTS, STARTS_OF_ONE);
  const signals = createLane('others', MOST_SIGNALS, SIGNALS_OF_ONE);
  const lanes = [signals, starts];
  const draining = drain();
  // If this fails, polling still finds the rows.
  database.listen('outbox', readAll, readAll).catch(() => undefined);

  /** Rows may have been added. */
  function readAll(): void {
    readSoon(lanes);
  }

  function readSoon(due: readonly Lane[]): void {
    for (const lane of due) lane.unread = true;
    if (due.length > 0) waker.wake();
  }

  async function drain(): Promise<void> {
    while (!stopped) {
      const unread = lanes.filter((lane) => lane.unread);
      // After a sleep that nobody ended, this is a poll of all lanes.
      for (const lane of unread.length > 0 ? unread : lanes) await fill(lane);
      if (lanes.every((lane) => !lane.unread)) await waker.sleep(POLL_MS);
    }
    await Promise.all(lanes.flatMap(({ inHand }) => [...inHand.keys()]));
  }

  async function fill(lane: Lane): Promise<void> {
    const { inHand, most } = lane;
    lane.unread = false;
    const rows = await takeRows(lane);
    for (const row of rows) {
      const work = handle(row).finally(() => {
        inHand.delete(work);
        // Signals of an organization count against its starts, so that a slot may matter to both lanes.
        readSoon(lanes.filter(({ more }) => more));
      });
      inHand.set(work, row.organizationId);
    }
    if (rows.length > 0 && lane.more && inHand.size < most) lane.unread = true;
  }

  async function takeRows(lane: Lane): Promise<readonly OutboxRow[]> {
    const { which, most, mostOfOne, inHand } = lane;
    const free = most - inHand.size;
    lane.more = true; // as far as is known
    if (free === 0) return [];
    try {
      // Orders in progress come first: signals of an organization also count against its starts.
      const counted = which === 'starts' ? lanes.map(({ inHand }) => inHand) : [inHand];
      const counts = countEach(counted.flatMap((rows) => [...rows.values()]));
      const turn = { inHand: counts, mostOfOne, after: lane.last };
      const { rows, more, last } = await leaseRows(database, which, free, LEASE_MS, turn);
      Object.assign(lane, { more, last });
      lastRound = Date.now();
      return rows;
    } catch (error) {
      log.warn('outbox cannot be read', { code: temporalCode(error) });
      return [];
    }
  }

  /** Delivers one row and deletes it; releases one that fails. Never throws. */
  async function handle(row: OutboxRow): Promise<void> {
    const fields = { orderId: row.orderId, workflowId: orderWorkflowId(row.orderId) };
    try {
      await callWithTimeout(dependencies.withDeadline, () => dependencies.deliver(row));
      const followed = await completeRow(database, row.id);
      log.debug(`outbox row dispatched: ${row.kind}`, fields);
      if (followed) readAll(); // the order's next row may go, even while the pacer holds this one
      await pacer.done(row);
    } catch (error) {
      const code = temporalCode(error);
      const attempt = row.attempts + 1;
      log.warn(`outbox row not dispatched: ${row.kind}`, { ...fields, code, attempt });
      // If this fails as well, the lease expires and the row becomes available again.
      await postponeRow(database, row.id, backoffMs(attempt, BACKOFF), code).catch(() => undefined);
    }
  }

  return {
    lastRound: () => lastRound,
    async stop() {
      stopped = true;
      pacer.stop();
      waker.wake();
      await draining;
    },
  };
}

/** The rows of one kind in progress, by organization. Two lanes keep starts from delaying signals. */
interface Lane {
  readonly which: 'starts' | 'others';
  readonly most: number;
  readonly mostOfOne: number;
  readonly inHand: Map<Promise<void>, string>;
  /** Due rows may have been added since the last lease, so that the lane is read next. */
  unread: boolean;
  /** The last lease left due rows behind, which a free slot may take. */
  more: boolean;
  /** The organization that had the last turn. */
  last: string;
}

function createLane(which: Lane['which'], most: number, mostOfOne: number): Lane {
  return { which, most, mostOfOne, inHand: new Map(), unread: true, more: true, last: FIRST_ID };
}

function countEach(values: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
