import Table from 'cli-table3';
import type { Finding } from './places.ts';

/** Renders the searched places, and the hits by place and field. */
export function report(findings: readonly Finding[]): string {
  const places = new Table({ head: ['place', 'files', 'MB', 'MB/s', 'hits'], style: PLAIN });
  for (const { place, files, bytes, seconds, hits } of findings) {
    const mb = bytes / 1_000_000;
    places.push([place, files, mb.toFixed(2), (mb / seconds).toFixed(0), hits.length]);
  }
  const groups = new Map<string, { count: number; file: string }>();
  for (const { place, hits } of findings) {
    for (const { file, field, encoding, compressed } of hits) {
      const group = [place, field, compressed ? `${encoding}, compressed` : encoding].join(' | ');
      const { count, file: first } = groups.get(group) ?? { count: 0, file };
      groups.set(group, { count: count + 1, file: first });
    }
  }
  const lines = [...groups].map(
    ([group, { count, file }]) => `${group} | ${count} hits, first in ${file}`,
  );
  return [places.toString(), ...lines].join('\n');
}

/** A table without colours, because people also read the report in logs. */
const PLAIN = { head: [], border: [] };

/** All hits, in all places. */
export function hitsOf(findings: readonly Finding[]): number {
  return findings.reduce((sum, { hits }) => sum + hits.length, 0);
}
