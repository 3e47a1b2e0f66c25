import { superuserUrl, urlOfRole } from '../../sandbox/database-url.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { fillDatabase } from '../../test/support/fill-database.ts';
import { type ListStatement, listStatements } from '../../test/support/list-statements.ts';
import { ENCRYPTION_KEYS } from '../../test/support/organization.ts';
import { withKeysOf } from '../../test/support/sealed-rows.ts';

/** A database with many orders, and every list, look-up and sweep on it. */
export interface FilledDatabase {
  readonly statements: readonly ListStatement[];
  /** One session for each role. */
  readonly pools: readonly Database[];
  readonly statistics: Database;
}

/** Fills a database of the given number of orders. @param create makes an empty, migrated one by name. */
export async function openFilled(
  create: (name: string) => Promise<string>,
  orders: number,
): Promise<FilledDatabase> {
  const began = performance.now();
  const url = await create(`orders_${orders}`);
  await fillDatabase(superuserUrl(url), orders);
  console.log(`${orders} orders: filled in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  const open = (role: 'server' | 'worker' | 'operator') =>
    openDatabase(urlOfRole(url, role), 1, {
      ...withKeysOf(ENCRYPTION_KEYS),
      statementLimitMs: 60_000,
    });
  const pools = { server: open('server'), worker: open('worker'), operator: open('operator') };
  return {
    statements: await listStatements(pools),
    statistics: openDatabase(superuserUrl(url), 1),
    pools: Object.values(pools),
  };
}

/** Pairs the statements of two databases. */
export function pairsOf(
  small: FilledDatabase,
  large: FilledDatabase,
): readonly (readonly [ListStatement, ListStatement])[] {
  return small.statements.map((statement, index) => {
    const other = large.statements[index];
    if (other?.name !== statement.name) throw new Error('the databases have different lists');
    return [statement, other];
  });
}

/** Closes the connections. */
export async function closeFilled(databases: readonly FilledDatabase[]): Promise<void> {
  const open = databases.flatMap(({ pools, statistics }) => [...pools, statistics]);
  await Promise.all(open.map((pool) => pool.end()));
}

/** The blocks of 8 KiB that a database has read so far, from its cache or the disk. */
export async function blocksOf({ pools, statistics }: FilledDatabase): Promise<number> {
  // Each pool has one session, which would publish its statistics only once a second.
  for (const pool of pools) await pool`SELECT pg_stat_force_next_flush()`;
  const [row] = await statistics<{ blocks: number }[]>`
    SELECT (blks_hit + blks_read)::float8 AS blocks FROM pg_stat_database WHERE datname = current_database()`;
  return row?.blocks ?? 0;
}
