import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type AuditSource, recordAudit } from '../audit/record-audit.ts';
import { requireOrganization } from '../organizations/organizations.ts';
import type { Database, Sql } from '../storage/database.ts';
import { withKeys } from '../storage/transaction.ts';
import { readCaseLine, splitLines } from './case-lines.ts';
import { sealCase } from './sealed-case.ts';

/** The number of cases that an import created, updated or left unchanged. */
export interface ImportResult {
  readonly created: number;
  readonly updated: number;
  /** The case existed with the same patient. */
  readonly unchanged: number;
}

/** A fault in a line of the file. `rule` never quotes the line. */
export interface LineFault {
  /** From 1. */
  readonly line: number;
  readonly rule: string;
}

/** The file has faults, so nothing was imported. */
export class CaseFileError extends Error {
  override readonly name = 'CaseFileError';
  /** The first faults, in the order of the file. */
  readonly faults: readonly LineFault[];
  /** The number of lines with faults. */
  readonly total: number;

  constructor(faults: readonly LineFault[], total: number) {
    super(`${total} of the file's lines cannot be imported`);
    this.faults = faults;
    this.total = total;
  }
}

/** Maximum number of faults in {@link CaseFileError}. */
const MAX_FAULTS = 20;

/** Number of characters sent to Postgres at once: sending each row separately is much slower. */
const BATCH_LENGTH = 65_536;

/**
 * Imports a file of cases, one JSON object per line, all or nothing. `COPY` streams the lines into a
 * temporary table, and one `INSERT … ON CONFLICT` stores them, so that memory use is constant. A case
 * that differs is replaced; importing a file a second time changes nothing.
 *
 * @param file.organizationId the owner of the cases.
 * @param file.hashSecret the secret of the keyed hashes by which patients are compared.
 * @param file.chunks the bytes of the file.
 * @param file.by the actor, for the entry in the audit log, which is part of the transaction.
 * @param file.onProgress receives the number of lines read so far, after each batch.
 * @throws {UnknownIdError} the organization does not exist.
 * @throws {CaseFileError} a line is malformed, or an id is on two lines.
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
  // `inTransaction` could retry, but the file can be read only once.
  // eslint-disable-next-line no-restricted-syntax
  return await database.begin(async (raw) => {
    const tx = withKeys(raw, database);
    // A large file may take long, but another import must not block this one for long.
    await tx`SET LOCAL statement_timeout = 0`;
    await tx`SET LOCAL lock_timeout = '30s'`;
    await copyLines(tx, file);
    await refuseRepeatedIds(tx);
    const result = await storeCases(tx, file.organizationId);
    // In the same transaction, so that no other one sees a row of `imported_cases`.
    await tx`DELETE FROM imported_cases`;
    const { organizationId, by } = file;
    await recordAudit(tx, { ...by, organizationId, action: 'CASES_IMPORTED', result: 'OK' });
    return result;
  });
}

/** NULL in the text format of `COPY`. */
const NULL = '\\N';

/** Copies the lines to Postgres. After a fault it still reads the rest, to report all faults. */
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
        // Only the backslash of the bytea format needs an escape here (Postgres documentation, "COPY",
        // text format); the other fields contain no special characters.
        const bytea = (bytes: Buffer) => `\\\\x${bytes.toString('hex')}`;
        const { dataKey, patientHash, emailHash, address } = sealed;
        const fields = [
          ...[line, id, dataKey, bytea(patientHash)],
          emailHash === null ? NULL : bytea(emailHash),
          ...[sealed.patient, address ?? NULL],
        ];
        batch += `${fields.join('\t')}\n`;
        if (batch.length >= BATCH_LENGTH) {
          yield batch;
          batch = '';
          onProgress?.(line);
        }
      }
    }
    if (batch !== '') yield batch;
    onProgress?.(line);
  }
  const copy: Writable = await tx`
    COPY imported_cases (line, id, data_key, patient_hash, email_hash, patient, address)
    FROM STDIN`.writable();
  await pipeline(rows(), copy);
  if (total > 0) throw new CaseFileError(faults, total);
}

/** Refuses a file with an id on two lines, because either could be the right one. */
async function refuseRepeatedIds(tx: Sql): Promise<void> {
  const rows = await tx<{ line: string; first: string; total: string }[]>`
    SELECT line, first, count(*) OVER () AS total
    FROM (SELECT line, min(line) OVER (PARTITION BY id) AS first FROM imported_cases) AS lines
    WHERE line > first ORDER BY line LIMIT ${MAX_FAULTS}`;
  const [repeated] = rows;
  if (repeated === undefined) return;
  const faults = rows.map(({ line, first }) => ({
    line: Number(line),
    rule: `id is already on line ${first}`,
  }));
  throw new CaseFileError(faults, Number(repeated.total));
}

/** Stores the cases in the order of their ids, so that concurrent imports cannot deadlock. */
async function storeCases(tx: Sql, organizationId: string): Promise<ImportResult> {
  const [row] = await tx<[{ created: number; updated: number; total: number }]>`
    WITH stored AS (
      INSERT INTO cases (id, organization_id, data_key, patient_hash, email_hash, patient, address)
      SELECT id, ${organizationId}, data_key, patient_hash, email_hash, patient, address
      FROM imported_cases ORDER BY id
      ON CONFLICT (organization_id, id) DO UPDATE SET data_key = excluded.data_key,
        patient_hash = excluded.patient_hash, email_hash = excluded.email_hash,
        patient = excluded.patient, address = excluded.address, updated_at = now()
        WHERE cases.patient_hash IS DISTINCT FROM excluded.patient_hash
      RETURNING xmax = 0 AS created -- a row that was there before has an xmax: the lock on it
    )
    SELECT count(*) FILTER (WHERE created)::integer AS created,
      count(*) FILTER (WHERE NOT created)::integer AS updated,
      (SELECT count(*)::integer FROM imported_cases) AS total
    FROM stored`;
  const { created, updated, total } = row;
  return { created, updated, unchanged: total - created - updated };
}
