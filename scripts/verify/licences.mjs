// Checks that every installed package has a licence that this project may use:
//   node scripts/verify/licences.mjs [FOLDER]
// Exits 1 with the packages that have none, or one that nobody has looked at.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { lockedPackages } from './lock-file.mjs';
import { reportFaults } from './report-faults.mjs';

/** They ask for a notice at most. SPDX identifiers. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'PSF-2.0',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
  'Zlib',
  // Of data, here of which browser knows what: credit to be given, nothing else.
  'CC-BY-4.0',
]);

/** Fine where nothing of them is passed on: in packages for development. */
const FOR_DEVELOPMENT = new Set([
  'MPL-2.0', // changes to its own files are to be published; we make none
  'OFL-1.1', // of fonts: not to be sold by themselves
]);

/** Packages whose package.json names no licence, and what their LICENSE file says. */
const READ_BY_HAND = new Map([
  ['dejavu-fonts-ttf@2.37.3', 'Bitstream Vera: free to use, not to be sold by itself'],
  ['unionfs@4.6.0', 'Unlicense'],
]);

/** @param {string} expression SPDX; one that mixes AND and OR is not understood, so not allowed. */
function isAllowed(expression, allows) {
  const terms = expression.replace(/[()]/g, '').trim();
  const choices = terms.split(' OR ');
  if (choices.length === 1) return terms.split(' AND ').every(allows);
  return !terms.includes(' AND ') && choices.some(allows);
}

/** @param {string} folder of a project whose packages are installed. */
function licenceFaults(folder) {
  const faults = [];
  for (const { at, entry } of lockedPackages(folder)) {
    const file = path.join(folder, at, 'package.json');
    // One of another platform is not installed here.
    if (entry.optional && !existsSync(file)) continue;
    const { name, version, license } = JSON.parse(readFileSync(file, 'utf8'));
    const id = `${name}@${version}`;
    if (READ_BY_HAND.has(id)) continue;
    const allows = (licence) =>
      PERMISSIVE.has(licence) || (entry.dev === true && FOR_DEVELOPMENT.has(licence));
    if (typeof license !== 'string' || license === '') faults.push(`${id} names no licence`);
    else if (!isAllowed(license, allows)) faults.push(`${id} has the licence ${license}`);
  }
  return faults;
}

reportFaults(licenceFaults(process.argv[2] ?? '.'));
