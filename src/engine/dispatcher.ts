import { backoffMs } from '../lib/backoff.ts';
import { createInterruptibleSleep } from '../lib/interruptible-sleep.ts';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { callWithTimeout, temporalCode, type WithDeadline } from '../temporal/call-with-timeout.ts';
import { orderWorkflowId } from '../workflows/order-messages.ts';
import type { Deliver } from './deliver.ts';
import { completeRow, leaseRows, type OutboxRow, postponeRow } from './outbox.ts';
import { createPacer } from './pacer.ts';

/** Orders being started at the same time: about what keeps a worker process busy. */
const MOST_STARTS = 4;
/** An organization that has so many at work, started or finishing, gets no more started. */
const STARTS_OF_ONE = 3;
/** Signals in hand at the same time, and those of one organization: some places stay free. */
const MOST_SIGNALS = 32;
const SIGNALS_OF_ONE = 24;
/** A lease outlives the longest delivery, so that a row is only taken over from a dead process. */
const LEASE_MS = 20_000;
/** Looks at the outbox at least this often: a notification can be lost with its connection. */
const POLL_MS = 1_000;
const BACKOFF = { initialMs: 500, maxMs: 10_000 };

/** The dispatcher of one process; any number of processes may run one. */
export interface Dispatcher {
  /** When it last reached the outbox, in milliseconds since the epoch. */
  lastRound(): number;
  /** Stops taking rows, finishes those in hand, and resolves. */
  stop(): Promise<void>;
}

/**
 * Starts draining the outbox into Temporal. At least once, row by row: a row is removed when
 * Temporal has taken it, and tried again for as long as it takes when not. A row that fails holds
 * up only the later rows of its own order.
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
  // Without notifications the poll drains the outbox all the same.
  database.listen('outbox', waker.wake, waker.wake).catch(() => undefined);

  async function drain(): Promise<void> {
    while (!stopped) {
      let taken = 0;
      for (const lane of lanes) taken += await fill(lane);
      if (taken === 0) await waker.sleep(POLL_MS);
    }
    await Promise.all(lanes.flatMap(({ inHand }) => [...inHand.keys()]));
  }

  async function fill(lane: Lane): Promise<number> {
    const { inHand } = lane;
    const rows = await takeRows(lane);
    for (const row of rows) {
      const work = handle(row).finally(() => {
        inHand.delete(work);
        waker.wake(); // a place is free, and the order's next row may go
      });
      inHand.set(work, row.organizationId);
    }
    return rows.length;
  }

  async function takeRows({ which, most, mostOfOne, inHand }: Lane): Promise<OutboxRow[]> {
    const free = most - inHand.size;
    if (free === 0) return [];
    try {
      // What is begun is finished first: starts wait for the completions of their organization too.
      const counted = which === 'starts' ? lanes.map((lane) => lane.inHand) : [inHand];
      const counts = countEach(counted.flatMap((rows) => [...rows.values()]));
      const rows = await leaseRows(database, which, free, LEASE_MS, counts, mostOfOne);
      lastRound = Date.now();
      return rows;
    } catch (error) {
      log.warn('outbox cannot be read', { code: temporalCode(error) });
      return [];
    }
  }

  /** Delivers one row and removes it; one that fails is given back. Never throws. */
  async function handle(row: OutboxRow): Promise<void> {
    const fields = { orderId: row.orderId, workflowId: orderWorkflowId(row.orderId) };
    try {
      await callWithTimeout(dependencies.withDeadline, () => dependencies.deliver(row));
      await completeRow(database, row.id);
      log.debug(`dispatched ${row.kind}`, fields);
      waker.wake(); // the order's next row may go, though this one is still in hand
      await pacer.done(row);
    } catch (error) {
      const code = temporalCode(error);
      const attempt = row.attempts + 1;
      log.warn(`could not dispatch ${row.kind}`, { ...fields, code, attempt });
      // A row that cannot be given back either comes back when its lease has run out.
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

/** Rows of one kind in hand, with their organizations: starts must not hold up the signals. */
interface Lane {
  readonly which: 'starts' | 'others';
  readonly most: number;
  readonly mostOfOne: number;
  readonly inHand: Map<Promise<void>, string>;
}

function createLane(which: Lane['which'], most: number, mostOfOne: number): Lane {
  return { which, most, mostOfOne, inHand: new Map() };
}

function countEach(values: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
