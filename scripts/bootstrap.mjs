// Runs a program of this project, also in a fresh clone: checks Node's version, installs the packages
// when they are missing or differ from the lock file, then runs the program in this process.
//
//   node scripts/bootstrap.mjs sandbox/start.ts …   a TypeScript program
//   node scripts/bootstrap.mjs vitest run …         the tests
//
// This file uses only syntax and modules that an old Node supports, so that it can report the error.

import { readFileSync } from 'fs';
import { fileURLToPath } from 'url';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = JSON.parse(readFileSync(root + 'package.json', 'utf8')).engines.node;

if (isOlder(process.versions.node, wanted.replace('>=', ''))) {
  console.error(
    'rx-orders needs Node ' +
      wanted +
      ', and this is Node ' +
      process.versions.node +
      ': install a newer version',
  );
  process.exit(1);
}

import('./bootstrap/run.mjs').then((module) => module.run(root, process.argv.slice(2)));

function isOlder(version, than) {
  const [have, need] = [version, than].map((text) => text.split('.').map(Number));
  for (let i = 0; i < need.length; i += 1) {
    if (have[i] !== need[i]) return have[i] < need[i];
  }
  return false;
}
