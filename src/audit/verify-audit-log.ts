import type { Sql } from '../storage/database.ts';
import { newestArchive } from './archive-audit-log.ts';
import { type AuditPosition, type AuditRow, BEGINNING, readAuditRows } from './audit-rows.ts';
import { NO_SEAL, readHead, readSeals, type Seal, type SealEnd, sealHash } from './seal.ts';

/** The result of a verification of the audit log. */
export interface AuditVerification {
  /** The number of valid seals. */
  readonly seals: number;
  /** The number of rows under them. */
  readonly rows: number;
  /** The last seal whose rows were archived and pruned: the log begins after it. */
  readonly prunedTo?: string;
  /**
   * The last seal before the first problem. Operators keep it in another place and pass it to the next
   * verification.
   */
  readonly head: { readonly number: string; readonly hash: string } | null;
  /** The first problem; null if there is none. */
  readonly problem: string | null;
  /** All problems, in the order of the log; at most {@link MOST_PROBLEMS}. */
  readonly problems: readonly string[];
}

const PAGE = 100;
/** A log that was deleted as a whole has a problem for each seal. */
const MOST_PROBLEMS = 1_000;
/** More extra rows under one seal are not named. */
const MOST_EXTRA_ROWS = 1_000;
/** A worker seals a row within seconds. A transaction that lasts, such as a backup's, does not count. */
const UNSEALED_LIMIT_MINUTES = 10;
/** How much earlier or later than its seals the time of a row may be: clocks are set. */
const TOLERANCE_MS = 60 * 60_000;

/**
 * Verifies the audit log: recomputes every seal from the rows in the table, and continues after a problem.
 * After pruning it begins with the seal after the last archive that was pruned, and expects that archive's hash before it.
 * It reads the newest seal's number and hash from `audit_head`, where no program can lower them: seals that
 * were removed from the end are missed there.
 *
 * @param head hash of a head from an earlier verification, in hex. One of the seals must have it: this
 *   reveals a log that was replaced as a whole, `audit_head` included.
 */
export async function verifyAuditLog(sql: Sql, head?: string): Promise<AuditVerification> {
  const problems: string[] = [];
  const report = (problem: string) => {
    if (problems.length < MOST_PROBLEMS) problems.push(problem);
  };
  // Read before the seals: a worker may add seals meanwhile.
  const newest = await readHead(sql);
  let [seals, rows, knowsHead] = [0, 0, head === undefined];
  const start = await newestArchive(sql, { pruned: true });
  let before: SealEnd | undefined = start;
  let lastGood: SealEnd | undefined = start;
  let kept: SealEnd | undefined = start?.number === newest?.number ? start : undefined;
  knowsHead ||= start?.hash.toString('hex') === head;
  for (;;) {
    const page = await readSeals(sql, { after: before?.number ?? '0', limit: PAGE });
    for (const seal of page) {
      const expected = BigInt(before?.number ?? 0) + 1n;
      const isNext = BigInt(seal.number) === expected;
      if (!isNext) report(missing(expected, BigInt(seal.number) - 1n));
      const found = await problemsOf(sql, seal, isNext ? { seal: before } : undefined);
      for (const problem of found) report(problem);
      if (found.length === 0) [seals, rows] = [seals + 1, rows + seal.count];
      if (problems.length === 0) lastGood = seal;
      if (seal.hash.toString('hex') === head) knowsHead = true;
      if (seal.number === newest?.number) kept = seal;
      before = seal;
    }
    if (page.length < PAGE) break;
  }
  if (newest === undefined && before !== undefined) {
    report('audit_head has no row: it was deleted, so removed seals at the end are not noticed');
  } else if (newest !== undefined && kept === undefined) {
    report(missing(BigInt(before?.number ?? 0) + 1n, BigInt(newest.number)));
  } else if (newest !== undefined && kept?.hash.equals(newest.hash) === false) {
    report(`seal ${newest.number} is not the seal that was made: the log was replaced`);
  }
  const sealedUpTo = (kept === undefined ? newest : before)?.last ?? before?.last ?? BEGINNING;
  if (!knowsHead) {
    report(
      `no seal has the hash of the given head: seals were removed from the end, or the log was replaced${
        start === undefined
          ? ''
          : '; if the head is older than the oldest seal, look for it in an archive (--archive)'
      }`,
    );
  }
  for (const problem of await problemsOfUnsealed(sql, sealedUpTo)) report(problem);
  return {
    seals,
    rows,
    ...(start && { prunedTo: start.number }),
    head:
      lastGood === undefined
        ? null
        : { number: lastGood.number, hash: lastGood.hash.toString('hex') },
    problem: problems[0] ?? null,
    problems,
  };
}

/** @param before the previous seal, undefined at the beginning; undefined when that seal is missing. */
async function problemsOf(
  sql: Sql,
  seal: Seal,
  before: { readonly seal: SealEnd | undefined } | undefined,
): Promise<string[]> {
  const { number } = seal;
  const found: string[] = [];
  if (before !== undefined && !seal.previous.equals(before.seal?.hash ?? NO_SEAL)) {
    found.push(`seal ${number} does not continue the previous seal`);
  }
  // Reads from the end of the previous seal, not from this seal's first row, to find inserted rows too.
  const start: AuditPosition =
    before === undefined
      ? [seal.first[0], String(BigInt(seal.first[1]) - 1n)]
      : (before.seal?.last ?? BEGINNING);
  const rows = await readAuditRows(sql, {
    after: start,
    upTo: seal.last,
    limit: seal.count + MOST_EXTRA_ROWS,
  });
  if (rows.length < seal.count) {
    found.push(`seal ${number} does not match: rows are missing`);
  } else if (rows.length > seal.count) {
    const extra = extraRows(seal, rows);
    const which = extra === undefined ? '' : `: ${extra.join(', ')}`;
    found.push(`seal ${number} does not match: there are extra rows${which}`);
  } else if (!seal.hash.equals(sealHash(seal, rows))) {
    found.push(`seal ${number} does not match: it or its rows were changed`);
  }
  for (const { id, at } of rows) {
    const [time, sealed] = [Date.parse(at), Date.parse(seal.at)];
    const since = before?.seal === undefined ? -Infinity : Date.parse(before.seal.at);
    if (time > sealed + TOLERANCE_MS || time < since - TOLERANCE_MS) {
      found.push(
        `row ${id} of seal ${number} has the time ${at}, which is not when it was written`,
      );
    }
  }
  return found;
}

/**
 * Returns the ids of the rows that somebody added under a seal, if the seal matches without them. The
 * database numbers rows in the order in which they are written, so that added ones have the highest ids.
 */
function extraRows(seal: Seal, rows: readonly AuditRow[]): string[] | undefined {
  const extra = rows
    .map(({ id }) => BigInt(id))
    .sort((a, b) => (a < b ? 1 : -1))
    .slice(0, rows.length - seal.count)
    .map(String);
  const rest = rows.filter(({ id }) => !extra.includes(id));
  return seal.hash.equals(sealHash(seal, rest)) ? extra.reverse() : undefined;
}

function missing(first: bigint, last: bigint): string {
  return first === last ? `seal ${first} is missing` : `seals ${first} to ${last} are missing`;
}

/** Finds rows that no seal covers although one should, or never will. */
async function problemsOfUnsealed(sql: Sql, [transactionId, id]: AuditPosition): Promise<string[]> {
  const [row] = await sql<{ late: string; first: string | null; future: string | null }[]>`
    WITH unsealed AS (
      SELECT audit_log.id, transaction_id, audit_log.at FROM audit_log
      WHERE (transaction_id, audit_log.id) > (${transactionId}::text::xid8, ${id}::text::bigint)
    ), late AS (
      SELECT id FROM unsealed
      WHERE transaction_id < commit_position(pg_snapshot_xmin(pg_current_snapshot()))
        AND at < now() - ${UNSEALED_LIMIT_MINUTES} * interval '1 minute'
    )
    SELECT (SELECT count(*)::text FROM late) AS late, (SELECT min(id)::text FROM late) AS first,
      (SELECT min(id)::text FROM unsealed
        WHERE transaction_id >= commit_position(pg_snapshot_xmax(pg_current_snapshot()))) AS future`;
  const found: string[] = [];
  if (typeof row?.first === 'string') {
    found.push(
      `${row.late} rows from row ${row.first} on are older than ${UNSEALED_LIMIT_MINUTES} minutes and have no seal: check that a worker runs`,
    );
  }
  if (typeof row?.future === 'string') {
    found.push(`row ${row.future} names a transaction of the future, so no seal can cover it`);
  }
  return found;
}
