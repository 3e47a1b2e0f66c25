import type { Sql } from '../storage/database.ts';

/** The tables that have a retention time. */
export const PRUNED_TABLES = ['webhook_deliveries', 'events', 'inbox', 'audit_log'] as const;

/** A table that has a retention time. */
export type PrunedTable = (typeof PRUNED_TABLES)[number];

/** A worker that dies during a sweep keeps others from its table for so long. */
const LEASE_SECONDS = 120;
/** Time between two sweeps through a table, in seconds. Retention counts in days. */
const SWEEP_EVERY_SECONDS = 60 * 60;

/** Part of a sweep through a table, which this process has to itself until its lease runs out. */
export interface LeasedSweep {
  readonly subject: PrunedTable;
  /** The sweep continues after this row; null: at the oldest. */
  readonly after: string | null;
  /** Rows from before this time are pruned. */
  readonly before: Date;
}

/** Records how long rows are kept, so that `rx stats` and other workers know it. A changed time begins a new sweep. */
export async function recordRetention(
  sql: Sql,
  days: Readonly<Record<PrunedTable, number | undefined>>,
): Promise<void> {
  for (const subject of PRUNED_TABLES) {
    await sql`
      UPDATE pruning SET days = ${days[subject] ?? null}, after = NULL, next_at = now()
      WHERE subject = ${subject} AND days IS DISTINCT FROM ${days[subject] ?? null}`;
  }
}

/** Leases a table that is due; undefined if none is. */
export async function leaseSweep(sql: Sql): Promise<LeasedSweep | undefined> {
  const [leased] = await sql<LeasedSweep[]>`
    UPDATE pruning SET next_at = now() + ${LEASE_SECONDS}::int * interval '1 second',
      pruned_before = greatest(pruned_before, now() - days * interval '1 day')
    WHERE subject = (
      SELECT subject FROM pruning WHERE days IS NOT NULL AND next_at <= now()
      ORDER BY next_at, subject DESC LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING subject, after, now() - days * interval '1 day' AS before`;
  return leased;
}

/**
 * Gives a lease back.
 *
 * @param progress.after the sweep continues after this row; null: it has reached its end.
 * @param progress.deleted the number of rows that were deleted.
 */
export async function endSweepPart(
  sql: Sql,
  { subject }: LeasedSweep,
  progress: { readonly after: string | null; readonly deleted: number },
): Promise<void> {
  const { after, deleted } = progress;
  const ended = after === null;
  await sql`
    UPDATE pruning SET after = ${after}, pruned = pruned + ${deleted}::bigint,
      next_at = now() + ${ended ? SWEEP_EVERY_SECONDS : 0}::int * interval '1 second',
      swept_at = CASE WHEN ${ended} THEN now() ELSE swept_at END
    WHERE subject = ${subject}`;
}
