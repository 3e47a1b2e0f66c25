import { type PeriodicTask, runPeriodically } from '../lib/run-periodically.ts';
import { codeOf } from '../lib/safe-error.ts';
import type { Log } from '../process/log.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';
import { BEGINNING, readAuditRows } from './audit-rows.ts';
import { NO_SEAL, readHead, type Sealing, sealHash } from './seal.ts';

/** Maximum number of rows under one seal. `rx audit verify` holds that many in memory. */
const MAX_ROWS = 5_000;

/**
 * Seals the rows that no seal covers yet, up to the maximum of one seal. Any number of processes may call
 * it: an advisory lock makes them take turns, and processes that write the log never wait for it. A trigger
 * refuses a seal that does not continue the newest one.
 *
 * @returns the number of rows that were sealed.
 */
export async function sealAuditLog(database: Database): Promise<number> {
  if (!(await hasUnsealed(database))) return 0;
  return await inTransaction(database, async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('rx-orders: seal the audit log', 0))`;
    const before = await readHead(sql);
    const rows = await readAuditRows(sql, {
      after: before?.last ?? BEGINNING,
      limit: MAX_ROWS,
    });
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) return 0;
    const [clock] = await sql<{ at: string }[]>`
      SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at`;
    const seal: Sealing = {
      number: String(BigInt(before?.number ?? 0) + 1n),
      at: clock?.at ?? '',
      first: [first.transactionId, first.id],
      last: [last.transactionId, last.id],
      count: rows.length,
      previous: before?.hash ?? NO_SEAL,
    };
    await sql`
      INSERT INTO audit_seals (number, at, first_transaction_id, first_id, last_transaction_id,
        last_id, count, previous, hash)
      VALUES (${seal.number}::text::bigint, ${seal.at}::text::timestamptz,
        ${seal.first[0]}::text::xid8, ${seal.first[1]}::text::bigint,
        ${seal.last[0]}::text::xid8, ${seal.last[1]}::text::bigint,
        ${seal.count}, ${seal.previous}, ${sealHash(seal, rows)})`;
    return rows.length;
  });
}

/** Whether a seal would cover any row: one statement, because most rounds of a quiet deployment find none. */
async function hasUnsealed(sql: Sql): Promise<boolean> {
  const found = await sql`
    SELECT FROM audit_log
    WHERE transaction_id < commit_position(pg_snapshot_xmin(pg_current_snapshot()))
      AND (transaction_id, id) > (
        coalesce((SELECT last_transaction_id FROM audit_head), '0'),
        coalesce((SELECT last_id FROM audit_head), 0))
    ORDER BY transaction_id, id LIMIT 1`; // the order makes Postgres use the index
  return found.length > 0;
}

/**
 * Starts sealing the audit log periodically.
 *
 * @param options.everyMs milliseconds between the end of one round and the start of the next.
 */
export function startSealer(options: {
  readonly database: Database;
  readonly everyMs: number;
  readonly log: Log;
}): PeriodicTask {
  const { database, everyMs, log } = options;
  return runPeriodically({
    everyMs,
    round: async () => (await sealAuditLog(database)) > 0,
    onError: (error) =>
      log.warn('sealing the audit log failed; the next round retries', { code: codeOf(error) }),
  });
}
