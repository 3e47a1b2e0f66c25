import type { ListStatement } from '../test/support/list-statements.ts';
import { readRowsRead } from '../test/support/rows-read.ts';
import { withBenchDatabase } from './bench-database.ts';
import {
  blocksOf,
  closeFilled,
  type FilledDatabase,
  openFilled,
  pairsOf,
} from './support/filled-database.ts';
import { numbers } from './support/options.ts';

/*
 *   npm run bench -- lists [--small N] [--orders N]
 *
 * Counts the rows and the blocks of 8 KiB that Postgres reads for every list, look-up and sweep, with 10,000 orders and
 * with 1,000,000, and their ratio. An order has 4 rows of the timeline, 3 of the audit log with a seal, 3 events, 2
 * deliveries with their attempts, a document and a message of its pharmacy; one of 20 is open. Needs 8 GB.
 */

const options = numbers({ small: 10_000, orders: 1_000_000 });
/** Postgres may choose another plan after five executions. */
const WARM_UP = 6;
const RUNS = 4;
/** A ratio above this is of a list that grows with the orders. A tree with 100 times the entries is a level deeper. */
const MOST = 3;
/** Fewer rows than this are no growth, whatever their ratio is: a page that was not full may be full now. */
const A_PAGE = 200;

interface Read {
  readonly rows: number;
  readonly blocks: number;
  /** Tables that were read from their beginning to their end, with more rows than a page. */
  readonly scanned: readonly string[];
}

await withBenchDatabase(async (create) => {
  const small = await openFilled(create, options.small);
  const large = await openFilled(create, options.orders);
  const lists: Record<string, { rows: number[]; blocks: number[]; ratio: number }> = {};
  const growing: string[] = [];
  for (const [statement, other] of pairsOf(small, large)) {
    const [before, after] = [await measure(small, statement), await measure(large, other)];
    const ratio = Number((after.rows / Math.max(before.rows, 1)).toFixed(2));
    const [rows, blocks] = [
      [before.rows, after.rows],
      [before.blocks, after.blocks],
    ];
    lists[statement.name] = { rows, blocks, ratio };
    const grows = (of: readonly number[]) =>
      (of[1] ?? 0) > A_PAGE && (of[1] ?? 0) > MOST * (of[0] ?? 0);
    if (grows(rows) || grows(blocks) || after.scanned.length > 0) growing.push(statement.name);
    const scans =
      after.scanned.length === 0 ? '' : `, read as a whole: ${after.scanned.join(', ')}`;
    console.log(
      `${statement.name}: rows ${rows.join(' -> ')} (${ratio}), blocks ${blocks.join(' -> ')}${scans}`,
    );
  }
  await closeFilled([small, large]);
  const named = Object.entries(lists);
  const worst = (of: (list: (typeof named)[number][1]) => number) =>
    named.map(([name, list]) => ({ name, value: of(list) })).sort((a, b) => b.value - a.value)[0];
  const figures = {
    options,
    statements: named.length,
    mostRows: worst(({ rows }) => rows[1] ?? 0),
    mostBlocks: worst(({ blocks }) => blocks[1] ?? 0),
    worstRatio: worst(({ ratio }) => ratio),
    growing: Object.fromEntries(growing.map((name) => [name, lists[name]])),
  };
  console.log(JSON.stringify({ lists: figures }));
});

/** Counts what one run reads, the least of several: vacuum and the loading of the catalog count as well. */
async function measure(database: FilledDatabase, statement: ListStatement): Promise<Read> {
  const { pools, statistics } = database;
  for (let run = 0; run < WARM_UP; run += 1) await statement.run();
  const runs: Read[] = [];
  while (runs.length < RUNS) {
    const [before, blocks] = [await readRowsRead(pools, statistics), await blocksOf(database)];
    await statement.run();
    const read = (await blocksOf(database)) - blocks;
    const changes = [...(await readRowsRead(pools, statistics))].map(([name, { rows, scans }]) => {
      const was = before.get(name);
      return { name, rows: rows - (was?.rows ?? 0), scans: scans - (was?.scans ?? 0) };
    });
    const scanned = changes.filter(({ rows, scans }) => scans > 0 && rows > A_PAGE);
    runs.push({
      rows: changes.reduce((sum, { rows }) => sum + rows, 0),
      blocks: read,
      scanned: scanned.map(({ name }) => name),
    });
  }
  const least = (of: (run: Read) => number) => Math.min(...runs.map(of));
  return {
    rows: least(({ rows }) => rows),
    blocks: least(({ blocks }) => blocks),
    scanned: runs[0]?.scanned ?? [],
  };
}
