import type { ListStatement } from '../test/support/list-statements.ts';
import { withBenchDatabase } from './bench-database.ts';
import {
  blocksOf,
  closeFilled,
  type FilledDatabase,
  openFilled,
  pairsOf,
} from './support/filled-database.ts';

// Measures every list, look-up and sweep on a database with 1,000 orders and on a large one, in turns, and prints
// the ratios of the times and of the 8 KiB blocks that Postgres reads. `--orders N` sets the size of the large one: a
// million takes minutes to fill.
// An order has 4 rows of the timeline, 3 of the audit log and 3 events.

const SMALL = 1_000;
const RUNS = 60;
const option = process.argv.indexOf('--orders');
const LARGE = option < 0 ? 200_000 : Number(process.argv[option + 1]);

interface Figures {
  readonly times: number[];
  blocks: number;
}

await withBenchDatabase(async (create) => {
  const [small, large] = [await openFilled(create, SMALL), await openFilled(create, LARGE)];
  const ratios: Record<string, { p50: number; p99: number; blocks: number }> = {};
  for (const [statement, other] of pairsOf(small, large)) {
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
  await closeFilled([small, large]);
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
});

async function compare(
  ...sides: readonly (readonly [FilledDatabase, ListStatement])[]
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

function percentile(times: readonly number[], percent: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}
