import type postgres from 'postgres';
import { lowestUuidOf } from '../lib/uuid.ts';
import type { Sql } from '../storage/database.ts';

/** What is known of a table without reading it. */
export interface TableSize {
  readonly table: string;
  /** An estimate of Postgres. */
  readonly rows: number;
  /** With indexes and large values, in bytes. */
  readonly bytes: number;
  /** Rows that were added in a day; null where no index tells. */
  readonly rowsADay: number | null;
  /** null: not known, or the table is empty. */
  readonly oldest: Date | null;
}

/** How the rows of a table are found by their time: in the order of which ids, and by which column. */
const TIMED: Readonly<Record<string, { readonly ids: 'number' | 'uuid'; readonly at: string }>> = {
  order_activity: { ids: 'number', at: 'at' },
  webhook_attempts: { ids: 'number', at: 'at' },
  inbox: { ids: 'number', at: 'received_at' },
  audit_log: { ids: 'number', at: 'at' },
  events: { ids: 'uuid', at: 'created_at' },
  webhook_deliveries: { ids: 'uuid', at: 'created_at' },
};

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The times whose rows are counted: the first that has no more rows than {@link MOST_COUNTED}. */
const WINDOWS_MS = [DAY_MS, 60 * MINUTE_MS, MINUTE_MS] as const;
const MOST_COUNTED = 100_000;

/** Reads the sizes of all tables, the largest first: by the catalog and by indexes, whatever the sizes are. */
export async function readTableSizes(sql: Sql): Promise<TableSize[]> {
  const tables = await sql<{ table: string; rows: number; bytes: number }[]>`
    SELECT c.relname AS table, pg_total_relation_size(c.oid)::float8 AS bytes,
      greatest(CASE WHEN n_live_tup > 0 THEN n_live_tup ELSE reltuples END, 0)::float8 AS rows
    FROM pg_class AS c LEFT JOIN pg_stat_user_tables AS s ON s.relid = c.oid
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    ORDER BY 2 DESC, 1`;
  const sizes: TableSize[] = [];
  for (const size of tables) sizes.push({ ...size, ...(await readGrowth(sql, size.table)) });
  return sizes;
}

type Growth = Pick<TableSize, 'rowsADay' | 'oldest'>;

async function readGrowth(sql: Sql, table: string): Promise<Growth> {
  if (table === 'orders') return await growthOfOrders(sql);
  const timed = TIMED[table];
  if (timed === undefined) return { rowsADay: null, oldest: null };
  const at = sql(timed.at);
  const [first] = await sql<{ oldest: Date }[]>`
    SELECT ${at} AS oldest FROM ${sql(table)} ORDER BY id LIMIT 1`;
  if (first === undefined) return { rowsADay: 0, oldest: null };
  const rowsADay =
    timed.ids === 'uuid'
      ? await countADay(sql, (since) => sql`FROM ${sql(table)} WHERE id >= ${lowestUuidOf(since)}`)
      : await numberedADay(sql, table, timed.at);
  return { rowsADay, oldest: first.oldest };
}

/** The ids of orders have no time. The index has it within each organization. */
async function growthOfOrders(sql: Sql): Promise<Growth> {
  const rowsADay = await countADay(
    sql,
    (since) => sql`
      FROM organizations CROSS JOIN LATERAL (
        SELECT FROM orders WHERE organization_id = organizations.id AND created_at >= ${since}
        LIMIT ${MOST_COUNTED + 1}) AS newest`,
  );
  const [first] = await sql<{ oldest: Date | null }[]>`
    SELECT min(oldest) AS oldest FROM organizations CROSS JOIN LATERAL (
      SELECT min(created_at) AS oldest FROM orders WHERE organization_id = organizations.id) AS each`;
  return { rowsADay, oldest: first?.oldest ?? null };
}

/** Counts the rows of the last day, or of a shorter time in proportion when they are many. */
async function countADay(sql: Sql, since: (time: Date) => postgres.Fragment): Promise<number> {
  let rowsADay = 0;
  for (const windowMs of WINDOWS_MS) {
    const [row] = await sql<{ count: number }[]>`
      SELECT count(*)::int AS count FROM (
        SELECT ${since(new Date(Date.now() - windowMs))} LIMIT ${MOST_COUNTED + 1}) AS counted`;
    const count = row?.count ?? 0;
    rowsADay = count * (DAY_MS / windowMs);
    if (count <= MOST_COUNTED) break;
  }
  return rowsADay;
}

/** Counts the rows of the last day by their numbers: a search by halves finds the first of them. */
async function numberedADay(sql: Sql, table: string, at: string): Promise<number> {
  const since = new Date(Date.now() - DAY_MS);
  const [ends] = await sql<{ low: number; high: number }[]>`
    SELECT min(id)::float8 AS low, max(id)::float8 + 1 AS high FROM ${sql(table)}`;
  let { low, high } = ends ?? { low: 0, high: 0 };
  const end = high;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [row] = await sql<{ id: number; isNew: boolean }[]>`
      SELECT id::float8 AS id, ${sql(at)} >= ${since} AS is_new FROM ${sql(table)}
      WHERE id >= ${middle}::bigint ORDER BY id LIMIT 1`;
    if (row === undefined || row.isNew) high = middle;
    else low = row.id + 1;
  }
  return end - low;
}

/** The number of stored documents and their bytes, as Postgres knows them. */
export interface DocumentSizes {
  readonly count: number;
  /** An estimate from the newest ones, when there are many. */
  readonly bytes: number;
}

/** Reads how many documents are stored; `rows` is the estimated number of all. */
export async function readDocumentSizes(sql: Sql, rows: number): Promise<DocumentSizes> {
  const [row] = await sql<{ count: number; bytes: number }[]>`
    SELECT count(*)::int AS count, coalesce(sum(size), 0)::float8 AS bytes
    FROM (SELECT size FROM documents ORDER BY id DESC LIMIT ${MOST_COUNTED}) AS newest`;
  const { count, bytes } = row ?? { count: 0, bytes: 0 };
  const all = count < MOST_COUNTED ? count : Math.max(count, rows);
  return { count: all, bytes: count === 0 ? 0 : Math.round((bytes / count) * all) };
}

/** What workers prune of a table, and when. */
export interface RetentionState {
  readonly table: string;
  /** null: rows are kept for ever. */
  readonly days: number | null;
  /** Rows that were ever pruned, with those of tables that belong to this one. */
  readonly pruned: number;
  readonly sweptAt: Date | null;
  /** null without a retention time. */
  readonly nextAt: Date | null;
}

/** Reads the retention times as the workers apply them. */
export async function readRetention(sql: Sql): Promise<RetentionState[]> {
  return await sql<RetentionState[]>`
    SELECT subject AS table, days, pruned::float8 AS pruned, swept_at,
      CASE WHEN days IS NOT NULL THEN next_at END AS next_at
    FROM pruning ORDER BY subject`;
}
