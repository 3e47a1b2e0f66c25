import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, type Registry } from 'prom-client';
import { type PeriodicTask, runPeriodically } from '../lib/run-periodically.ts';
import { codeOf } from '../lib/safe-error.ts';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { pruneAudit } from './prune-audit.ts';
import { type PruneBatch, pruneDeliveries, pruneEvents, pruneInbox } from './prune-rows.ts';
import { endSweepPart, leaseSweep, type PrunedTable, recordRetention } from './pruning-progress.ts';

/** The most rows that one transaction reads. */
const BATCH = 500;
/** A part of a sweep takes no longer; then the table's turn is over. */
const PART_MS = 20_000;

/** How many days the rows of each table are kept; undefined: for ever. */
export interface Retention {
  readonly deliveriesDays: number | undefined;
  readonly eventsDays: number | undefined;
  readonly inboxDays: number | undefined;
  readonly auditDays: number | undefined;
}

const BATCHES: Readonly<Record<PrunedTable, PruneBatch>> = {
  webhook_deliveries: pruneDeliveries,
  events: pruneEvents,
  inbox: pruneInbox,
  audit_log: pruneAudit,
};

/**
 * Starts deleting rows whose retention time has passed (docs/adr/0049): in small batches, with a pause as long as each took,
 * so that orders never wait. Any number of processes may do so: they lease a table at a time, and a lease continues where the
 * last one ended.
 *
 * @param options.everyMs milliseconds between two looks for a table that is due.
 */
export function startPruner(options: {
  readonly database: Database;
  readonly retention: Retention;
  readonly everyMs: number;
  readonly registry: Registry;
  readonly log: Log;
}): PeriodicTask {
  const { database, retention, everyMs, registry, log } = options;
  const days: Record<PrunedTable, number | undefined> = {
    webhook_deliveries: retention.deliveriesDays,
    events: retention.eventsDays,
    inbox: retention.inboxDays,
    audit_log: retention.auditDays,
  };
  const pruned = new Counter({
    name: 'rx_rows_pruned_total',
    help: 'Rows that this worker has deleted after their retention time, by table.',
    labelNames: ['table'],
    registers: [registry],
  });
  const stopping = new AbortController();
  let recorded = false;

  const task = runPeriodically({
    everyMs,
    async round() {
      if (!recorded) await recordRetention(database, days);
      recorded = true;
      if (Object.values(days).every((each) => each === undefined)) return false;
      return await prunePart();
    },
    onError: (error) =>
      log.warn('pruning old rows failed; the next round retries', { code: codeOf(error) }),
  });

  /** Prunes for a while. @returns whether a table may be due. */
  async function prunePart(): Promise<boolean> {
    const sweep = await leaseSweep(database);
    if (sweep === undefined) return false;
    const batch = BATCHES[sweep.subject];
    const until = performance.now() + PART_MS;
    let [after, deleted] = [sweep.after, 0];
    for (;;) {
      const began = performance.now();
      const done = await batch(database, { after, before: sweep.before, most: BATCH });
      for (const [table, rows] of Object.entries(done.deleted)) {
        pruned.inc({ table }, rows);
        deleted += rows;
      }
      after = done.last;
      if (after === null || performance.now() > until || stopping.signal.aborted) break;
      const pause = performance.now() - began;
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    await endSweepPart(database, sweep, { after, deleted });
    if (deleted > 0) log.info('rows pruned after their retention time', { count: deleted });
    return true;
  }

  return {
    async stop() {
      stopping.abort();
      await task.stop();
    },
  };
}
