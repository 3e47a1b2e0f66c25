import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FLOORS, ROOTS } from '../../scripts/structure/floors.mjs';
import {
  ALL_RULES,
  isFloorRule,
  PROJECT,
  plantTree,
  violationsIn,
} from '../support/import-rules.ts';

const ROOMS = FLOORS.flatMap((rooms, floor) => rooms.map(({ name }) => ({ name, floor })));
const FLOOR_RULES = ALL_RULES.filter(({ name }) => name.startsWith('floor-of-'));
const CIRCULAR_FOLDERS = ALL_RULES.filter(({ name }) => name === 'no-circular-folders');

/** A file in each room for every other room, which it imports a type of; and for a root. */
function everyArrow(): Record<string, string> {
  const files: Record<string, string> = { 'src/client.ts': 'export type P = 1;' };
  for (const { name: from } of ROOMS) {
    files[`src/${from}/target.ts`] = 'export type P = 1;';
    files[`src/${from}/to-root.ts`] = arrowTo('../client.ts');
    for (const { name: to } of ROOMS) {
      if (to !== from) files[`src/${from}/to-${to}.ts`] = arrowTo(`../${to}/target.ts`);
    }
  }
  return files;
}

const arrowTo = (target: string) => `import type { P } from '${target}'; export type Q = P;`;

async function planted(files: Record<string, string>): Promise<string> {
  const tree = await plantTree(files);
  onTestFinished(() => rm(tree, { recursive: true, force: true }));
  return tree;
}

describe('floors', () => {
  it('have a rule for every room, and every folder of src is a room', () => {
    const folders = readdirSync(path.join(PROJECT, 'src'), { withFileTypes: true });
    const names = folders.filter((each) => each.isDirectory()).map(({ name }) => name);
    expect(names.sort()).toEqual(ROOMS.map(({ name }) => name).sort());
    expect(FLOOR_RULES.map(({ name }) => name).sort()).toEqual(
      ROOMS.map(({ name }) => `floor-of-${name}`).sort(),
    );
    expect(FLOOR_RULES.length + CIRCULAR_FOLDERS.length).toBe(
      ALL_RULES.filter(({ name }) => isFloorRule(name)).length,
    );
  });

  it('leave no loose file in src but the roots', () => {
    const files = readdirSync(path.join(PROJECT, 'src'), { withFileTypes: true });
    const names = files.filter((each) => each.isFile()).map(({ name }) => name);
    expect(names.sort()).toEqual(ROOTS.map(({ name }) => `${name}.ts`).sort());
  });

  it('let every room import lower floors, and nothing else', async () => {
    const tree = await planted(everyArrow());
    const found = await violationsIn(tree, ['src'], FLOOR_RULES);
    for (const { name, floor } of ROOMS) {
      const forbidden = ROOMS.filter((other) => other.floor >= floor && other.name !== name);
      const files = ['root', ...forbidden.map((other) => other.name)];
      expect(found.get(`floor-of-${name}`)).toEqual(
        files.map((to) => `src/${name}/to-${to}.ts`).sort(),
      );
    }
  }, 60_000);

  it('catch folders of one room that import each other through different files', async () => {
    const tree = await planted({
      'src/upkeep/egg/shell.ts': `import type { P } from '../hen/wing.ts'; export type Q = P;`,
      'src/upkeep/egg/yolk.ts': `export type P = 1;`,
      'src/upkeep/hen/wing.ts': `export type P = 1;`,
      'src/upkeep/hen/beak.ts': `import type { P } from '../egg/yolk.ts'; export type Q = P;`,
      'src/upkeep/fine/alone.ts': `import type { P } from '../hen/wing.ts'; export type Q = P;`,
    });
    const found = await violationsIn(tree, ['src'], CIRCULAR_FOLDERS);
    expect(found.get('no-circular-folders')).toEqual(['src/upkeep/egg', 'src/upkeep/hen']);
  });
});
