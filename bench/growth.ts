import { superuserUrl, urlOfRole } from '../sandbox/database-url.ts';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { fillDatabase } from '../test/support/fill-database.ts';
import { type ListStatement, listStatements } from '../test/support/list-statements.ts';
import { ENCRYPTION_KEYS } from '../test/support/organization.ts';
import { withKeysOf } from '../test/support/sealed-rows.ts';
import { withBenchDatabase } from './bench-database.ts';

// Measures every list, look-up and sweep on a database with 1,000 orders and on a large one, in turns, and prints
// the ratios of the times and of the 8 KiB blocks that Postgres reads. `--orders N` sets the size of the large one: a
// million takes minutes to fill.
// An order has 4 rows of the timeline, 3 of the audit log and 3 events.

const SMALL = 1_000;
const RUNS = 60;
const option = process.argv.indexOf('--orders');
const LARGE = option < 0 ? 200_000 : Number(process.argv[option + 1]);

/** A filled database. */
interface Side {
  readonly statements: readonly ListStatement[];
  /** One session for each role. */
  readonly pools: readonly Database[];
  readonly statistics: Database;
}

interface Figures {
  readonly times: number[];
  blocks: number;
}

await withBenchDatabase(async (create) => {
  const [small, large] = [await fill(SMALL), await fill(LARGE)];
  const ratios: Record<string, { p50: number; p99: number; blocks: number }> = {};
  for (const [index, statement] of small.statements.entries()) {
    const other = large.statements[index];
    if (other?.name !== statement.name) throw new Error('the databases have different lists');
    const [a, b] = await compare([small, statement], [large, other]);
    const ratio = { p50: 0, p99: 0, blocks: Number((b.blocks / Math.max(a.blocks, 1)).toFixed(2)) };
    const shown = [50, 99].map((percent) => {
      const [before, after] = [percentile(a.times, percent), percentile(b.times, percent)];
      ratio[percent === 50 ? 'p50' : 'p99'] = Number((after / before).toFixed(2));
      return `p${percent} ${before.toFixed(2)} -> ${after.toFixed(2)} ms`;
    });
    ratios[statement.name] = ratio;
    console.log(`${statement.name}: ${shown.join(', ')}, blocks ${a.blocks} -> ${b.blocks}`);
  }
  const open = [small, large].flatMap(({ pools, statistics }) => [...pools, statistics]);
  await Promise.all(open.map((pool) => pool.end()));
  const worst = (key: 'p50' | 'p99' | 'blocks') =>
    Object.entries(ratios)
      .map(([list, ratio]) => ({ list, ratio: ratio[key] }))
      .sort((a, b) => b.ratio - a.ratio)[0];
  console.log(
    JSON.stringify({
      growthOrders: LARGE,
      growthLists: Object.keys(ratios).length,
      growthWorst: { p50: worst('p50'), p99: worst('p99'), blocks: worst('blocks') },
      growth: ratios,
    }),
  );

  async function fill(orders: number): Promise<Side> {
    const began = performance.now();
    const url = await create(`orders_${orders}`);
    await fillDatabase(superuserUrl(url), orders);
    console.log(
      `${orders} orders: filled in ${((performance.now() - began) / 1_000).toFixed(0)} s`,
    );
    const open = (role: 'server' | 'worker' | 'operator') =>
      openDatabase(urlOfRole(url, role), 1, {
        ...withKeysOf(ENCRYPTION_KEYS),
        statementLimitMs: 60_000,
      });
    const pools = { server: open('server'), worker: open('worker'), operator: open('operator') };
    const statistics = openDatabase(superuserUrl(url), 1);
    return {
      statements: await listStatements(pools),
      statistics,
      pools: Object.values(pools),
    };
  }
});

async function compare(
  ...sides: readonly (readonly [Side, ListStatement])[]
): Promise<[Figures, Figures]> {
  const figures: [Figures, Figures] = [
    { times: [], blocks: 0 },
    { times: [], blocks: 0 },
  ];
  const before = await Promise.all(sides.map(([side]) => blocksOf(side)));
  for (let run = 0; run < RUNS; run += 1) {
    for (const [index, [, statement]] of sides.entries()) {
      const start = performance.now();
      await statement.run();
      figures[index as 0 | 1].times.push(performance.now() - start);
    }
  }
  for (const [index, [side]] of sides.entries()) {
    const blocks = (await blocksOf(side)) - (before[index] ?? 0);
    figures[index as 0 | 1].blocks = Math.round(blocks / RUNS);
  }
  return figures;
}

async function blocksOf({ pools, statistics }: Side): Promise<number> {
  // Each pool has one session, which would publish its statistics only once a second.
  for (const pool of pools) await pool`SELECT pg_stat_force_next_flush()`;
  const [row] = await statistics<{ blocks: number }[]>`
    SELECT (blks_hit + blks_read)::float8 AS blocks FROM pg_stat_database WHERE datname = current_database()`;
  return row?.blocks ?? 0;
}

function percentile(times: readonly number[], percent: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}
