import { createInterruptibleSleep } from '../lib/interruptible-sleep.ts';
import { retryMessages } from '../orders/inbox.ts';
import type { Database } from '../storage/database.ts';
import { logEpoch, renewEpoch } from '../storage/epoch.ts';
import { temporalCode } from '../temporal/call-with-timeout.ts';
import { endEarlierRuns } from './end-earlier-runs.ts';
import { scanOrphans } from './scan-orphans.ts';
import { type SweepDependencies, sweepBatch } from './sweep.ts';
import { sweepNews } from './sweep-news.ts';

/** The advisory lock of the leader. The number is arbitrary, but the same in all workers on a database. */
const LEADER_LOCK = 7_261_117;
/** Longest duration of a round. The next round continues where it stopped. */
const ROUND_MS = 20_000;
/** Messages of pharmacies matched again in one round. */
const MOST_MESSAGES = 200;

/** The reconciler of one process. */
export interface Reconciler {
  /** Finishes the current step, and resolves. */
  stop(): Promise<void>;
}

/**
 * Starts comparing Postgres with Temporal periodically (docs/adr/0017). Any number of processes may run a
 * reconciler: an advisory lock lets one of them work at a time.
 *
 * @param dependencies.leadership a pool of one connection, whose session holds the lock.
 * @param dependencies.everyMs from the end of a round to the start of the next, in milliseconds.
 */
export function startReconciler(
  dependencies: SweepDependencies & {
    readonly leadership: Database;
    readonly everyMs: number;
  },
): Reconciler {
  const { database, leadership, everyMs, log } = dependencies;
  const waker = createInterruptibleSleep();
  let stopped = false;
  const running = run();

  async function run(): Promise<void> {
    while (!stopped) {
      await round().catch((error: unknown) => {
        log.warn('reconciliation failed', { code: temporalCode(error) });
      });
      if (!stopped) await waker.sleep(everyMs);
    }
  }

  async function round(): Promise<void> {
    try {
      if (!(await leads()) || !(await isDue())) return;
      const until = Date.now() + ROUND_MS;
      const goesOn = async () => !stopped && Date.now() < until && (await leads());
      logEpoch(log, await renewEpoch(database));
      while ((await endEarlierRuns(dependencies)) && (await goesOn()));
      while ((await sweepBatch(dependencies)) && (await goesOn()));
      await retryUnmatched();
      while ((await goesOn()) && (await sweepNews(dependencies)));
      while ((await goesOn()) && (await scanOrphans(dependencies)));
    } finally {
      await leadership`SELECT pg_advisory_unlock_all()`.catch(() => undefined);
    }
  }

  /** Called before each batch, because a lost connection loses the lock; takes it again if it is free. */
  async function leads(): Promise<boolean> {
    const [row] = await leadership<{ leads: boolean }[]>`
      SELECT pg_try_advisory_lock(${LEADER_LOCK}) AS leads`;
    return row?.leads ?? false;
  }

  /** Whether no other process has had a round recently. */
  async function isDue(): Promise<boolean> {
    const due = await database`
      SELECT FROM reconciliation
      WHERE last_round_at IS NULL OR sweep_began_at IS NOT NULL
        OR last_round_at < now() - ${everyMs / 2} * interval '1 millisecond'`;
    return due.length > 0;
  }

  async function retryUnmatched(): Promise<void> {
    const [row] = await database<{ after: string }[]>`
      SELECT after_message AS after FROM reconciliation`;
    const { found, last } = await retryMessages(database, row?.after ?? '0', MOST_MESSAGES);
    if (found > 0) log.info('pharmacy messages matched to orders', { count: found });
    await database`UPDATE reconciliation SET after_message = ${last ?? '0'}`;
  }

  return {
    async stop() {
      stopped = true;
      waker.wake();
      await running;
    },
  };
}
