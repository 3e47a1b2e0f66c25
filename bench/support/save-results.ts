import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { drawChart } from './draw-chart.ts';

const JSON_FILE = new URL('../../docs/performance.json', import.meta.url);
const CHART_FILE = new URL('../../docs/performance.svg', import.meta.url);
/** The parts that docs/performance.md shows; the others have too many figures, or measure one mechanism. */
const KEPT = ['accept', 'whole', 'scale', 'footprint', 'peers'];

/** Replaces the results of the parts that ran in docs/performance.json, and draws docs/performance.svg. */
export function saveResults(results: Readonly<Record<string, unknown>>): void {
  const machine = { cores: os.availableParallelism(), node: process.version };
  const measured = { date: new Date().toISOString().slice(0, 10), ...machine };
  const all: Record<string, unknown> = existsSync(JSON_FILE)
    ? (JSON.parse(readFileSync(JSON_FILE, 'utf8')) as Record<string, unknown>)
    : {};
  for (const [name, result] of Object.entries(results)) {
    if (KEPT.includes(name)) all[name] = Object.assign({ measured }, result);
  }
  writeFileSync(JSON_FILE, `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(CHART_FILE, drawChart(all));
}
