import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { FLOORS, ROOTS } from './floors.mjs';

/** One room imports another. Rooms are named by their folder, the roots by their file. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** The rooms of `src/` and who imports whom. */
export interface Structure {
  readonly files: number;
  /** By floor, the highest first; the roots stand above all floors. */
  readonly floors: readonly (readonly string[])[];
  readonly arrows: readonly Arrow[];
  /** Arrows that do not lead to a lower floor; the import rules allow none. */
  readonly upward: readonly Arrow[];
}

/**
 * Reads the imports of every file in `src/`, type-only imports included.
 *
 * @param project the path of the repository.
 */
export function readStructure(project: string): Structure {
  const files = readdirSync(path.join(project, 'src'), { recursive: true, encoding: 'utf8' })
    .map((file) => `src/${file.split(path.sep).join('/')}`)
    .filter((file) => file.endsWith('.ts'))
    .sort();
  const arrows = new Map<string, Arrow>();
  for (const file of files) {
    for (const target of importsOf(project, file)) {
      const [from, to] = [roomOf(file), roomOf(target)];
      if (from !== to) arrows.set(`${from} ${to}`, { from, to });
    }
  }
  const rooms = FLOORS.map((floor) => floor.map(({ name }) => name));
  const floors = [ROOTS.map(({ name }) => `${name}.ts`), ...rooms.toReversed()];
  const rowOf = (room: string) => floors.findIndex((floor) => floor.includes(room));
  return {
    files: files.length,
    floors,
    arrows: [...arrows.values()],
    upward: [...arrows.values()].filter(({ from, to }) => rowOf(to) <= rowOf(from)),
  };
}

function importsOf(project: string, file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(path.join(project, file), 'utf8'));
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => path.posix.join(path.posix.dirname(file), name))
    .filter((target) => target.startsWith('src/'));
}

function roomOf(file: string): string {
  const [, room = ''] = file.split('/');
  return room;
}

/** The arrows that do not follow from others: without a → c where a → b and b → c are there. */
export function withoutImplied(arrows: readonly Arrow[]): Arrow[] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of arrows) targets.set(from, [...(targets.get(from) ?? []), to]);
  const reaches = (from: string, to: string): boolean =>
    from === to || (targets.get(from) ?? []).some((next) => reaches(next, to));
  return arrows.filter(
    ({ from, to }) => !(targets.get(from) ?? []).some((next) => next !== to && reaches(next, to)),
  );
}
