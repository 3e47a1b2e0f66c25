// Checks that this project may use every installed package under its licence:
//   node scripts/verify/licences.mjs [FOLDER]
// Exits 1 with each package that has no licence, or a licence that is not on the lists below.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { lockedPackages } from './lock-file.mjs';
import { reportFaults } from './report-faults.mjs';

/** SPDX identifiers of licences that require a notice at most. */
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
  'CC-BY-4.0', // data, here about browsers: it requires attribution only
]);

/** Licences that suit development packages only, because we distribute nothing of these packages. */
const FOR_DEVELOPMENT = new Set([
  'CC-BY-3.0', // data, here about SPDX: it requires attribution only
  'MPL-2.0', // whoever changes its files must publish the changes; we make none
]);

/** Packages whose package.json names no SPDX licence, each with what its LICENSE file says. */
const READ_BY_HAND = new Map([
  ['dejavu-fonts-ttf@2.37.3', 'Bitstream Vera: free to use; nobody may sell the font alone'],
  ['unionfs@4.6.0', 'Unlicense'],
]);

/** @param {string} expression SPDX. An expression that mixes AND and OR is refused: this parser cannot read it. */
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
    // npm does not install the packages of other platforms.
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
