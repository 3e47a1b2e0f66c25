import { readFileSync } from 'node:fs';
import path from 'node:path';
import { drawRooms } from './draw-rooms.ts';
import { FLOORS, OUTSIDE, ROOTS } from './floors.mjs';
import { readStructure } from './read-rooms.ts';

const BEGIN = '<!-- Made by `npm run structure` from scripts/structure/floors.mjs; edit that. -->';
const END = '<!-- end of the map -->';

/**
 * Generates the files that show the structure of the code: the picture of the rooms, and CONTRIBUTING.md
 * with its map.
 *
 * @param project the path of the repository.
 * @returns the text of each file, by its path in the repository.
 * @throws {Error} CONTRIBUTING.md has lost the marks around its map.
 */
export function generatedFiles(project: string): Map<string, string> {
  const contributing = readFileSync(path.join(project, 'CONTRIBUTING.md'), 'utf8');
  const [begin, end] = [contributing.indexOf(BEGIN), contributing.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`CONTRIBUTING.md needs ${BEGIN} and ${END}`);
  const map = `${BEGIN}\n\n\`\`\`text\n${drawMap()}\`\`\`\n\n`;
  return new Map([
    ['docs/images/rooms.svg', drawRooms(readStructure(project))],
    ['CONTRIBUTING.md', contributing.slice(0, begin) + map + contributing.slice(end)],
  ]);
}

function drawMap(): string {
  const rooms = FLOORS.toReversed().flatMap((floor, index) =>
    floor.map(({ name, holds }) => ({ floor: FLOORS.length - index, name: `${name}/`, holds })),
  );
  const roots = ROOTS.map(({ name, holds }) => ({ floor: '', name: `${name}.ts`, holds }));
  const inside = [...roots, ...rooms].map(({ floor, name, holds }) =>
    `${String(floor).padStart(3)}  ${name.padEnd(17)}${holds}`.trimEnd(),
  );
  const outside = OUTSIDE.map(({ name, holds }) => `${`${name}/`.padEnd(22)}${holds}`);
  return ['src/  (the number is the floor)', ...inside, '', ...outside, ''].join('\n');
}
