import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './structure/generated-files.ts';
import { readStructure } from './structure/read-rooms.ts';

// npm run structure: draws the rooms and writes the map in CONTRIBUTING.md from the code, and prints how
// many files, rooms and arrows there are. test/unit/structure.test.ts checks that both files are current.

const project = fileURLToPath(new URL('..', import.meta.url));
for (const [file, text] of generatedFiles(project)) {
  writeFileSync(path.join(project, file), text);
  console.log(`wrote ${file}`);
}
const { files, floors, arrows, upward } = readStructure(project);
const [roots = [], ...rooms] = floors;
console.log(
  `${files} files, ${rooms.flat().length} rooms and ${roots.length} programs, ` +
    `${arrows.length} arrows between them, ${upward.length} of them upward`,
);
