import type { Log } from '../process/log.ts';
import type { Sql } from './database.ts';

/**
 * Begins an epoch if the database shows that it was restored, or that another server took over: positions in the commit
 * order, on which the list of events and the seals of the audit log depend, then keep rising (docs/adr/0048). Any program
 * may call it at any time; mostly it only reads.
 *
 * @returns why an epoch began; null if none did.
 */
export async function renewEpoch(sql: Sql): Promise<string | null> {
  const [row] = await sql<{ cause: string | null }[]>`SELECT renew_epoch() AS cause`;
  return row?.cause ?? null;
}

/** Logs why an epoch began, if one did. */
export function logEpoch(log: Log, cause: string | null): void {
  if (cause === null) return;
  log.warn('the database was restored or moved: see docs/disaster-recovery.md', { code: cause });
}

/** An epoch whose earlier workflow runs have to end. */
export interface EndingEpoch {
  readonly number: number;
  readonly begunAt: Date;
}

/** Returns the newest epoch before which workflow runs began that have to end; undefined if there is none. */
export async function findEndingEpoch(sql: Sql): Promise<EndingEpoch | undefined> {
  const [epoch] = await sql<EndingEpoch[]>`
    SELECT number, begun_at FROM epochs WHERE ends_runs AND runs_ended_at IS NULL
    ORDER BY number DESC LIMIT 1`;
  return epoch;
}

/** Records that the runs which began before an epoch have ended. */
export async function recordRunsEnded(sql: Sql, { number }: EndingEpoch): Promise<void> {
  await sql`
    UPDATE epochs SET runs_ended_at = now() WHERE number <= ${number} AND runs_ended_at IS NULL`;
}

/** Begins an epoch after a restore; for operators. @returns its number. */
export async function beginEpoch(sql: Sql): Promise<number> {
  const [row] = await sql<{ number: number }[]>`SELECT begin_epoch('RESTORED') AS number`;
  if (row === undefined) throw new Error('no epoch began');
  return row.number;
}
