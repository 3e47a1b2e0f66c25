import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { plant } from '../../../../scripts/planted-bugs/bug.ts';
import { ALL_BUGS } from '../../../../scripts/planted-bugs/catalogue.ts';

const PROJECT = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (name: string) => readFileSync(path.join(PROJECT, name), 'utf8');

describe.each(ALL_BUGS.map((bug) => [bug.name, bug] as const))('the planted bug “%s”', (_, bug) => {
  it('matches its file exactly once and changes it', () => {
    const source = read(bug.file);
    const planted = plant(bug, source);
    expect(planted, `${bug.file} contains its text exactly once`).toBeDefined();
    expect(planted).not.toBe(source);
  });

  it('names tests that exist', () => {
    expect(bug.tests).not.toEqual([]);
    const missing = bug.tests.filter((name) => !existsSync(path.join(PROJECT, name)));
    expect(missing).toEqual([]);
  });
});

it('gives each planted bug a name of its own', () => {
  const names = ALL_BUGS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

it('lists each planted bug with its file in docs/reliability.md', () => {
  const table = read('docs/reliability.md');
  const missing = ALL_BUGS.filter(({ name, file }) => {
    const row = table.split('\n').find((line) => line.startsWith(`| ${name} `));
    return !row?.includes(`\`${file.replace(/^src\//, '')}\``);
  });
  expect(missing.map(({ name }) => name)).toEqual([]);
});
