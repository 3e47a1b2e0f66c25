import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

it('docs/growth.md says of every table what bounds it', () => {
  const tables = [...read('schema.sql').matchAll(/^CREATE (?:UNLOGGED )?TABLE (\w+)/gm)];
  expect(tables.length).toBeGreaterThan(20);
  const [, rest = ''] = read('growth.md').split('## Every table, and what bounds it');
  const [list = ''] = rest.split('\n## ');
  const rows = list.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(named.sort()).toEqual(tables.map(([, name]) => name).sort());
});
