// Runs a program of this project in a fresh clone too: checks Node's version, installs the packages
// when that was not done or the lock file has changed since, then runs the program in this process.
//
//   node scripts/bootstrap.mjs sandbox/start.ts …   a TypeScript program
//   node scripts/bootstrap.mjs vitest run …              the tests
//
// This file keeps to syntax and modules that an old Node knows, so that it can say what is wrong.

import { readFileSync } from 'fs';
import { fileURLToPath } from 'url';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = JSON.parse(readFileSync(root + 'package.json', 'utf8')).engines.node;

if (isOlder(process.versions.node, wanted.replace('>=', ''))) {
  console.error(
    'this needs Node ' +
      wanted +
      ', and this is ' +
      process.versions.node +
      ': install a newer one',
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
