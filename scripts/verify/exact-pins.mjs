// Checks that what is installed is exactly what was reviewed:
//   node scripts/verify/exact-pins.mjs [FOLDER]
// Exits 1 with each dependency that is no exact version, and each entry of the lock file that has no
// hash or names where it was fetched.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lockedPackages, workspaceManifests } from './lock-file.mjs';
import { reportFaults } from './report-faults.mjs';

const EXACT = /^\d+\.\d+\.\d+(-[\w.-]+)?$/;
const GROUPS = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'overrides',
];

/** @param {string} folder of a project. */
function pinFaults(folder) {
  const files = ['package.json', ...workspaceManifests(folder)];
  const loose = files.flatMap((file) => manifestFaults(folder, file));
  return [...loose, ...lockedPackages(folder).flatMap(lockFaults)];
}

function manifestFaults(folder, file) {
  const manifest = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
  return GROUPS.flatMap((group) =>
    versionsIn(manifest[group])
      .filter(([, version]) => typeof version !== 'string' || !EXACT.test(version))
      .filter(([, version]) => !(group === 'overrides' && isReference(version, manifest)))
      .map(([name, version]) => `${file}: ${name} is ${JSON.stringify(version)}, not exact`),
  );
}

/** The versions of a group. An override can be nested: it applies only below one package. */
function versionsIn(group = {}) {
  return Object.entries(group).flatMap(([name, version]) =>
    typeof version === 'object' && version !== null
      ? versionsIn(version).map(([inner, nested]) => [`${name} > ${inner}`, nested])
      : [[name, version]],
  );
}

/** Whether an override is `$name`: the version of a dependency, which is checked where it stands. */
function isReference(version, { dependencies, devDependencies }) {
  const name = /^\$(.+)$/.exec(version)?.[1];
  return name !== undefined && name in { ...dependencies, ...devDependencies };
}

function lockFaults({ at, entry: { version, integrity, resolved, optional } }) {
  const faults = [];
  if (!EXACT.test(version)) faults.push(`package-lock.json: ${at} has the version ${version}`);
  if (resolved !== undefined) faults.push(`package-lock.json: ${at} names where it was fetched`);
  // `complete-lock-file.mjs` adds packages of other platforms of which it cannot know the hash.
  if (integrity === undefined ? !optional : !integrity.startsWith('sha512-')) {
    faults.push(`package-lock.json: ${at} has no SHA-512`);
  }
  return faults;
}

reportFaults(pinFaults(process.argv[2] ?? '.'));
