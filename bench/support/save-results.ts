import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { drawChart, type Results } from './draw-chart.ts';

const JSON_FILE = new URL('../../docs/performance.json', import.meta.url);
const CHART_FILE = new URL('../../docs/performance.svg', import.meta.url);
/** The parts that docs/performance.md shows; the others have too many figures, or tell of one mechanism. */
const KEPT = ['accept', 'whole', 'scale', 'footprint', 'peers'];

/** Replaces the results of the parts that ran in docs/performance.json, and draws docs/performance.svg. */
export function saveResults(results: Readonly<Record<string, unknown>>): void {
  const machine = { cores: os.availableParallelism(), node: process.version };
  const measured = { date: new Date().toISOString().slice(0, 10), ...machine };
  const kept = Object.entries(results)
    .filter(([name]) => KEPT.includes(name))
    .map(([name, result]) => [name, { measured, ...(result as object) }]);
  const before = existsSync(JSON_FILE)
    ? (JSON.parse(readFileSync(JSON_FILE, 'utf8')) as object)
    : {};
  const all = { ...before, ...Object.fromEntries(kept) };
  writeFileSync(JSON_FILE, `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(CHART_FILE, drawChart(all as Results));
}
