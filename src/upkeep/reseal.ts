import { SealBrokenError } from '../keys/aead.ts';
import type { Database, Sql } from '../storage/database.ts';
import { SEALED_COLUMNS, type SealedColumn, type SealedRow } from './sealed-columns.ts';

/** Number of rows that are read at once. */
const BATCH = 500;

/** The result of {@link reseal}. */
export interface Resealed {
  /** The number of texts that were sealed again. */
  readonly done: number;
  /** Column and row of each text that was altered and does not open. Such texts stay unchanged. */
  readonly broken: readonly string[];
}

/** Counts for each column the texts that are sealed with inactive data keys. */
export async function countStale(sql: Sql): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const column of SEALED_COLUMNS) {
    const [row] = await sql<{ count: number }[]>`
      SELECT count(*)::integer AS count FROM (${staleRows(sql, column)}) AS stale`;
    counts.set(column.name, row?.count ?? 0);
  }
  return counts;
}

/**
 * Seals with the active data keys all texts that are sealed with inactive ones. Each text is stored at
 * once, so that a call after a crash continues from there. A row that changes at the same time is left to
 * the next call.
 *
 * @param onProgress receives the number of texts that were sealed so far, after each batch.
 * @param signal stops between two batches.
 */
export async function reseal(
  database: Database,
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<Resealed> {
  let done = 0;
  const broken: string[] = [];
  for (const column of SEALED_COLUMNS) {
    for (let after = ''; !signal.aborted; ) {
      const rows = await database<SealedRow[]>`
        SELECT * FROM (${staleRows(database, column)}) AS stale
        WHERE id > ${after} ORDER BY id LIMIT ${BATCH}`;
      for (const row of rows) {
        const sealed = await rewrap(database, row);
        if (sealed === undefined) {
          broken.push(`${column.name} of ${row.id}`);
          continue;
        }
        await column.replace(database, row, sealed);
        done += 1;
      }
      onProgress(done);
      if (rows.length < BATCH) break;
      after = rows.at(-1)?.id ?? '';
    }
  }
  return { done, broken };
}

async function rewrap(
  database: Database,
  { owner, context, sealed }: SealedRow,
): Promise<string | undefined> {
  try {
    return await database.keys.rewrap(owner, context, sealed);
  } catch (error) {
    if (error instanceof SealBrokenError) return undefined;
    throw error;
  }
}

function staleRows(sql: Sql, column: SealedColumn) {
  return sql`
    SELECT sealed_rows.* FROM (${column.rows(sql)}) AS sealed_rows
    LEFT JOIN data_keys ON data_keys.organization_id IS NOT DISTINCT FROM owner AND active
    WHERE data_keys.id IS NULL OR sealed NOT LIKE 'v1.' || data_keys.id || '.%'`;
}
