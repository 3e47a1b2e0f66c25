// Checks that what is installed is exactly what was reviewed:
//   node scripts/verify/exact-pins.mjs [FOLDER]
// Exits 1 with each dependency that is no exact version, and each entry of the lock file that has no
// hash or names where it was fetched.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lockedPackages } from './lock-file.mjs';
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
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const loose = GROUPS.flatMap((group) =>
    Object.entries(manifest[group] ?? {})
      .filter(([, version]) => typeof version !== 'string' || !EXACT.test(version))
      .map(([name, version]) => `package.json: ${name} is ${JSON.stringify(version)}, not exact`),
  );
  return [...loose, ...lockedPackages(folder).flatMap(lockFaults)];
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
