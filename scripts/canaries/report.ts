import Table from 'cli-table3';
import type { Finding } from './places.ts';

/** Renders what was searched, place by place, and what stood where, field by field. */
export function report(findings: readonly Finding[]): string {
  const places = new Table({ head: ['place', 'files', 'MB', 'MB/s', 'hits'], style: PLAIN });
  for (const { place, files, bytes, seconds, hits } of findings) {
    const mb = bytes / 1_000_000;
    places.push([place, files, mb.toFixed(2), (mb / seconds).toFixed(0), hits.length]);
  }
  const groups = new Map<string, { row: string[]; count: number }>();
  for (const { place, hits } of findings) {
    for (const { file, field, encoding, compressed } of hits) {
      const row = [place, file, field, compressed ? `${encoding}, compressed` : encoding];
      const key = row.join('\n');
      groups.set(key, { row, count: (groups.get(key)?.count ?? 0) + 1 });
    }
  }
  if (groups.size === 0) return places.toString();
  const fields = new Table({ head: ['place', 'file', 'field', 'encoding', 'hits'], style: PLAIN });
  for (const { row, count } of groups.values()) fields.push([...row, count]);
  return `${places.toString()}\n${fields.toString()}`;
}

/** No colours: the report is read in logs, too. */
const PLAIN = { head: [], border: [] };

/** Hits in all places. */
export function hitsOf(findings: readonly Finding[]): number {
  return findings.reduce((sum, { hits }) => sum + hits.length, 0);
}
