import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { drawRooms } from '../../scripts/structure/draw-rooms.ts';
import { FLOORS, OUTSIDE, ROOTS } from '../../scripts/structure/floors.mjs';
import { generatedFiles } from '../../scripts/structure/generated-files.ts';
import { readStructure, withoutImplied } from '../../scripts/structure/read-rooms.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const ROOMS = FLOORS.flat();

/** What git ignores, and git itself. */
const IGNORED = new Set([
  '.git',
  ...readFileSync(path.join(PROJECT, '.gitignore'), 'utf8')
    .split('\n')
    .map((line) => line.replace(/\/$/, '')),
]);

describe('the map and the picture of the rooms', () => {
  const files = [...generatedFiles(PROJECT)];

  it.each(files)('%s is current; when this fails: npm run structure', (file, text) => {
    expect(readFileSync(path.join(PROJECT, file), 'utf8')).toBe(text);
  });

  it('name every room, every program and every folder outside src', () => {
    const folders = readdirSync(PROJECT, { withFileTypes: true })
      .filter((each) => each.isDirectory() && each.name !== 'src' && !IGNORED.has(each.name))
      .map(({ name }) => name);
    const listed = OUTSIDE.map(({ name }) => name.split('/')[0]);
    expect([...new Set(listed)].sort()).toEqual(folders.sort());

    const contributing = new Map(files).get('CONTRIBUTING.md') ?? '';
    const names = [
      ...ROOMS.map(({ name }) => `${name}/`),
      ...ROOTS.map(({ name }) => `${name}.ts`),
      ...OUTSIDE.map(({ name }) => `${name}/`),
    ];
    for (const name of names) expect(contributing).toContain(` ${name}`.trimStart());
  });

  it('draw each room and program once', () => {
    const picture = new Map(files).get('docs/images/rooms.svg') ?? '';
    const drawn = [...picture.matchAll(/text-anchor="middle"[^>]*>([^<]+)</g)].map(([, id]) => id);
    const names = [...ROOMS.map(({ name }) => name), ...ROOTS.map(({ name }) => `${name}.ts`)];
    expect(drawn.sort()).toEqual(names.sort());
  });
});

describe('the structure of src', () => {
  it('has arrows to lower floors only', () => {
    const { arrows, upward } = readStructure(PROJECT);
    expect(arrows.length).toBeGreaterThan(50);
    expect(upward).toEqual([]);
  });

  it('is drawn without the arrows that follow from others', () => {
    const arrow = (from: string, to: string) => ({ from, to });
    const [ab, bc, ac] = [arrow('a', 'b'), arrow('b', 'c'), arrow('a', 'c')];
    expect(withoutImplied([ab, ac, bc])).toEqual([ab, bc]);
    expect(withoutImplied([ac, bc])).toEqual([ac, bc]);
  });

  it('gives the same picture for the same arrows, whatever their order', () => {
    const structure = readStructure(PROJECT);
    const turned = { ...structure, arrows: structure.arrows.toReversed() };
    expect(drawRooms(turned)).toBe(drawRooms(structure));
  });
});
