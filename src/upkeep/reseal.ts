import { SealBrokenError } from '../keys/aead.ts';
import type { Database, Sql } from '../storage/database.ts';
import { SEALED_COLUMNS, type SealedColumn, type SealedRow } from './sealed-columns.ts';

/** Rows that are read and sealed anew at once. */
const BATCH = 500;

/** What {@link reseal} did. */
export interface Resealed {
  /** Texts that were sealed anew. */
  readonly done: number;
  /** Those that do not open, by column and row: they were altered, and are left as they are. */
  readonly broken: readonly string[];
}

/** How many texts of each column are sealed with keys that are not active any more. */
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
 * Seals with the active data keys what is sealed with others. What has been done stays done, so that
 * it goes on from there after a crash; rows that others change meanwhile are left to the next call.
 *
 * @param onProgress called with the number of texts that were sealed anew, now and then.
 * @param signal stops it between two batches.
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
