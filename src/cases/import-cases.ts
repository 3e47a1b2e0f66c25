import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type AuditSource, recordAudit } from '../audit/record-audit.ts';
import { requireOrganization } from '../organizations/organizations.ts';
import type { Database, Sql } from '../storage/database.ts';
import { withKeys } from '../storage/transaction.ts';
import { readCaseLine, splitLines } from './case-lines.ts';
import { sealCase } from './sealed-case.ts';

/** What an import did with the cases of a file. */
export interface ImportResult {
  readonly created: number;
  readonly updated: number;
  /** They were there and the same already. */
  readonly unchanged: number;
}

/** Something that is wrong with a line of the file; `rule` never quotes it. */
export interface LineFault {
  /** From 1. */
  readonly line: number;
  readonly rule: string;
}

/** The file cannot be imported; nothing of it was. */
export class CaseFileError extends Error {
  override readonly name = 'CaseFileError';
  /** `invalid`: the file itself; `foreign`: cases of other organizations. */
  readonly kind: 'invalid' | 'foreign';
  /** The first of them, in the file's order. */
  readonly faults: readonly LineFault[];
  /** How many lines are at fault in all. */
  readonly total: number;

  constructor(kind: 'invalid' | 'foreign', faults: readonly LineFault[], total: number) {
    super(`${total} of the file's lines cannot be imported`);
    this.kind = kind;
    this.faults = faults;
    this.total = total;
  }
}

/** Faults that are told one by one. */
const MAX_FAULTS = 20;

/** Bytes that go to Postgres at once: a row each would cost more than the row itself. */
const BATCH_BYTES = 65_536;

/**
 * Imports a file of cases, one JSON object a line, all or nothing: the lines stream by `COPY` into a
 * temporary table, and one `INSERT … ON CONFLICT` takes them from there. Memory stays flat. A file
 * that was imported before changes nothing; a case that differs is replaced.
 *
 * @param file.organizationId whose cases they are.
 * @param file.hashSecret keys the hashes that tell whether a patient differs.
 * @param file.chunks the file's bytes.
 * @param file.by who does it, for the audit log: its row is in the same transaction.
 * @param file.onProgress called now and then with the number of lines read.
 * @throws {UnknownIdError} there is no such organization.
 * @throws {CaseFileError} lines that are no case, an id that stands on two lines, or ids of cases of
 *   other organizations.
 */
export async function importCases(
  database: Database,
  file: {
    organizationId: string;
    hashSecret: string;
    chunks: AsyncIterable<Buffer>;
    by: AuditSource;
    onProgress?: (lines: number) => void;
  },
): Promise<ImportResult> {
  await requireOrganization(database, file.organizationId);
  // The file can be read once only, so a transaction that gave way is not run again.
  // eslint-disable-next-line no-restricted-syntax
  return await database.begin(async (raw) => {
    const tx = withKeys(raw, database);
    // However long the file is; but a lock that another import holds is waited for only so long.
    await tx`SET LOCAL statement_timeout = 0`;
    await tx`SET LOCAL lock_timeout = '30s'`;
    await tx`
      CREATE TEMPORARY TABLE imported_cases (line bigint, id text, data_key text, patient_hash bytea,
        patient text, address text) ON COMMIT DROP`;
    await copyLines(tx, file);
    await tx`ANALYZE imported_cases`;
    await refuseRepeatedIds(tx);
    const result = await storeCases(tx, file.organizationId);
    await refuseForeignIds(tx, file.organizationId);
    const { organizationId, by } = file;
    await recordAudit(tx, { ...by, organizationId, action: 'CASES_IMPORTED', result: 'OK' });
    return result;
  });
}

/** Reads the whole file even when a line is at fault, to tell of them all. */
async function copyLines(
  tx: Sql,
  file: {
    organizationId: string;
    hashSecret: string;
    chunks: AsyncIterable<Buffer>;
    onProgress?: (lines: number) => void;
  },
): Promise<void> {
  const { organizationId, hashSecret, chunks, onProgress } = file;
  const faults: LineFault[] = [];
  let total = 0;
  async function* rows(): AsyncGenerator<string> {
    let line = 0;
    let batch = '';
    for await (const bytes of splitLines(chunks)) {
      line += 1;
      const read = readCaseLine(bytes);
      if (read.kind === 'fault') {
        total += 1;
        if (faults.length < MAX_FAULTS) faults.push({ line, rule: read.rule });
      } else if (read.kind === 'case' && total === 0) {
        const { id, patient } = read.value;
        const sealed = await sealCase(tx, hashSecret, { organizationId, caseId: id }, patient);
        // Nothing in it needs an escape but the backslash of a bytea's own form (Postgres
        // documentation, "COPY", text format).
        const hash = `\\\\x${sealed.patientHash.toString('hex')}`;
        const fields = [line, id, sealed.dataKey, hash, sealed.patient, sealed.address ?? '\\N'];
        batch += `${fields.join('\t')}\n`;
        if (batch.length >= BATCH_BYTES) {
          yield batch;
          batch = '';
          onProgress?.(line);
        }
      }
    }
    if (batch !== '') yield batch;
    onProgress?.(line);
  }
  const copy: Writable = await tx`COPY imported_cases FROM STDIN`.writable();
  await pipeline(rows(), copy);
  if (total > 0) throw new CaseFileError('invalid', faults, total);
}

/** Which of two would win is not to be guessed. */
async function refuseRepeatedIds(tx: Sql): Promise<void> {
  const rows = await tx<(FaultRow & { first: string })[]>`
    SELECT line, first, count(*) OVER () AS total
    FROM (SELECT line, min(line) OVER (PARTITION BY id) AS first FROM imported_cases) AS lines
    WHERE line > first ORDER BY line LIMIT ${MAX_FAULTS}`;
  throwFaults('invalid', rows, ({ first }) => `id stands on line ${first} already`);
}

/** In the order of the ids, so that two imports at once wait for each other and never deadlock. */
async function storeCases(tx: Sql, organizationId: string): Promise<ImportResult> {
  const [row] = await tx<[{ created: number; updated: number; total: number }]>`
    WITH stored AS (
      INSERT INTO cases (id, organization_id, data_key, patient_hash, patient, address)
      SELECT id, ${organizationId}, data_key, patient_hash, patient, address
      FROM imported_cases ORDER BY id
      ON CONFLICT (id) DO UPDATE SET data_key = excluded.data_key,
        patient_hash = excluded.patient_hash, patient = excluded.patient, address = excluded.address,
        updated_at = now()
        WHERE cases.organization_id = excluded.organization_id
          AND cases.patient_hash IS DISTINCT FROM excluded.patient_hash
      RETURNING xmax = 0 AS created -- a row that was there before has an xmax: the lock on it
    )
    SELECT count(*) FILTER (WHERE created)::integer AS created,
      count(*) FILTER (WHERE NOT created)::integer AS updated,
      (SELECT count(*)::integer FROM imported_cases) AS total
    FROM stored`;
  const { created, updated, total } = row;
  return { created, updated, unchanged: total - created - updated };
}

/** After the insert, so that a case which another organization created meanwhile is seen too. */
async function refuseForeignIds(tx: Sql, organizationId: string): Promise<void> {
  const rows = await tx<FaultRow[]>`
    SELECT line, count(*) OVER () AS total
    FROM imported_cases JOIN cases USING (id)
    WHERE cases.organization_id <> ${organizationId} ORDER BY line LIMIT ${MAX_FAULTS}`;
  throwFaults('foreign', rows, () => "id is another organization's case");
}

function throwFaults<Row extends FaultRow>(
  kind: CaseFileError['kind'],
  rows: readonly Row[],
  rule: (row: Row) => string,
): void {
  const [first] = rows;
  if (first === undefined) return;
  const faults = rows.map((row) => ({ line: Number(row.line), rule: rule(row) }));
  throw new CaseFileError(kind, faults, Number(first.total));
}

interface FaultRow {
  line: string;
  total: string;
}
