import { backoffMs } from '../lib/backoff.ts';
import { createInterruptibleSleep } from '../lib/interruptible-sleep.ts';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { callWithTimeout, temporalCode, type WithDeadline } from '../temporal/call-with-timeout.ts';
import { inSpan } from '../tracing/tracer.ts';
import { orderWorkflowId } from '../workflows/order-messages.ts';
import type { Deliver } from './deliver.ts';
import {
  completeRows,
  FIRST_ID,
  hasRows,
  leaseRows,
  type OutboxRow,
  postponeRow,
} from './outbox.ts';
import type { Pacer } from './pacer.ts';
import { createStartWindow } from './start-window.ts';

/** One organization gets so much of a lane, so that it cannot use all. */
const SHARE_OF_ONE = 0.75;
/** Concurrent signals. */
const MOST_SIGNALS = 32;
/** Longer than the longest delivery, so that another process takes over a row only if this one died. */
const LEASE_MS = 20_000;
/** Time between two polls. Notifications come earlier, but can be lost with their connection. */
const POLL_MS = 5_000;
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
  readonly pacer: Pacer;
  readonly withDeadline: WithDeadline;
  readonly log: Log;
}): Dispatcher {
  const { database, pacer, log } = dependencies;
  const waker = createInterruptibleSleep();
  let stopped = false;
  let lastRound = Date.now();

  const window = createStartWindow();
  const starts = createLane('starts', () => window.size());
  const signals = createLane('others', () => MOST_SIGNALS);
  const lanes = [signals, starts];
  const complete = createCompletion(database);
  const retries = new Set<NodeJS.Timeout>();
  const draining = drain();
  // If this fails, polling still finds the rows.
  database.listen('outbox', onNotified, () => readSoon(lanes)).catch(() => undefined);

  function onNotified(added: string): void {
    readSoon(
      lanes.filter(({ which }) => (added !== 'starts' && added !== 'others') || which === added),
    );
  }

  function readSoon(due: readonly Lane[]): void {
    for (const lane of due) lane.unread = true;
    if (due.length > 0) waker.wake();
  }

  async function drain(): Promise<void> {
    while (!stopped) {
      for (const lane of lanes) if (lane.unread) await fill(lane);
      if (lanes.some(({ unread }) => unread)) continue;
      if (await waker.sleep(POLL_MS)) await poll();
    }
    await Promise.all(lanes.flatMap(({ inHand }) => [...inHand.keys()]));
  }

  /** Mostly the outbox is empty, which one statement finds out for both lanes. */
  async function poll(): Promise<void> {
    try {
      if (await hasRows(database)) readSoon(lanes);
      lastRound = Date.now();
    } catch (error) {
      log.warn('outbox cannot be read', { code: temporalCode(error) });
    }
  }

  async function fill(lane: Lane): Promise<void> {
    lane.unread = false;
    const rows = await takeRows(lane);
    for (const row of rows) {
      const work = handle(row, lane.inHand.size + 1).finally(() => {
        lane.inHand.delete(work);
        if (lane.more) readSoon([lane]);
      });
      lane.inHand.set(work, row.organizationId);
    }
    if (rows.length > 0 && lane.more && lane.inHand.size < lane.most()) lane.unread = true;
  }

  async function takeRows(lane: Lane): Promise<readonly OutboxRow[]> {
    const { which, inHand } = lane;
    const most = lane.most();
    const free = most - inHand.size;
    lane.more = true; // as far as is known
    if (free <= 0) return [];
    try {
      const mostOfOne = Math.max(1, Math.floor(most * SHARE_OF_ONE));
      const turn = { inHand: countEach(inHand.values()), mostOfOne, after: lane.last };
      const { rows, more, last } = await leaseRows(database, which, free, LEASE_MS, turn);
      Object.assign(lane, { more, last });
      lastRound = Date.now();
      return rows;
    } catch (error) {
      log.warn('outbox cannot be read', { code: temporalCode(error) });
      return [];
    }
  }

  /**
   * Delivers one row and deletes it; releases one that fails. Never throws.
   *
   * @param inHand how many rows of its lane are in progress.
   */
  async function handle(row: OutboxRow, inHand: number): Promise<void> {
    const leasedAt = performance.now();
    const paced = pacer.begin(row);
    const fields = { orderId: row.orderId, workflowId: orderWorkflowId(row.orderId) };
    try {
      await handOver(row);
      const followed = await complete(row.id);
      log.debug(`outbox row dispatched: ${row.kind}`, fields);
      if (followed) readSoon(lanes); // the order's next row may go, even while the pacer holds this one
      const how = await paced.done;
      if (row.kind !== 'start') return;
      if (how === 'reported') window.taken(performance.now() - leasedAt, inHand);
      if (how === 'timed-out') window.timedOut();
    } catch (error) {
      paced.cancel();
      const code = temporalCode(error);
      const attempt = row.attempts + 1;
      log.warn(`outbox row not dispatched: ${row.kind}`, { ...fields, code, attempt });
      const delayMs = backoffMs(attempt, BACKOFF);
      // If this fails as well, the lease expires and the row becomes available again.
      await postponeRow(database, row.id, delayMs, code).catch(() => undefined);
      readAfter(delayMs);
    }
  }

  /** Hands one row to Temporal. */
  async function handOver(row: OutboxRow): Promise<void> {
    await inSpan(
      `outbox ${row.kind}`,
      { kind: 'producer', parent: row.traceparent, attributes: { 'rx.order.id': row.orderId } },
      () => callWithTimeout(dependencies.withDeadline, () => dependencies.deliver(row)),
    );
  }

  function readAfter(delayMs: number): void {
    const timer = setTimeout(() => {
      retries.delete(timer);
      readSoon(lanes);
    }, delayMs);
    retries.add(timer);
  }

  return {
    lastRound: () => lastRound,
    async stop() {
      stopped = true;
      pacer.stop();
      for (const timer of retries) clearTimeout(timer);
      waker.wake();
      await draining;
    },
  };
}

/** The rows of one kind in progress, by organization. Two lanes keep starts from delaying signals. */
interface Lane {
  readonly which: 'starts' | 'others';
  /** The largest number of rows in progress. */
  readonly most: () => number;
  readonly inHand: Map<Promise<void>, string>;
  /** Due rows may have been added since the last lease, so that the lane is read next. */
  unread: boolean;
  /** The last lease left due rows behind, which a free slot may take. */
  more: boolean;
  /** The organization that had the last turn. */
  last: string;
}

function createLane(which: Lane['which'], most: Lane['most']): Lane {
  return { which, most, inHand: new Map(), unread: true, more: true, last: FIRST_ID };
}

/** Creates the function that deletes a delivered row. Calls during a statement share the next one. */
function createCompletion(database: Database): (id: string) => Promise<boolean> {
  let next: { readonly ids: string[]; readonly followed: Promise<boolean> } | undefined;
  let last: Promise<unknown> = Promise.resolve();

  return async (id) => {
    if (next === undefined) {
      const ids: string[] = [];
      const followed = last.then(() => {
        next = undefined;
        return completeRows(database, ids);
      });
      last = followed.catch(() => undefined);
      next = { ids, followed };
    }
    next.ids.push(id);
    return await next.followed;
  };
}

function countEach(values: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
