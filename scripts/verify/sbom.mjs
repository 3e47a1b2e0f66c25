// Checks a bill of materials against package-lock.json:
//   node scripts/verify/sbom.mjs [FILE]      without FILE, the document that `npm run sbom` writes
// Exits 1 when the document is not CycloneDX, lacks a production package or its hash, has a package too
// many, or names where a package was fetched.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeSbom } from '../sbom/make-sbom.mjs';
import { lockedPackages } from './lock-file.mjs';
import { reportFaults } from './report-faults.mjs';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

function sbomFaults(sbom) {
  if (sbom?.bomFormat !== 'CycloneDX' || !Array.isArray(sbom.components)) {
    return ['the file is not a CycloneDX document'];
  }
  const production = lockedPackages(PROJECT).filter(({ entry }) => !entry.dev);
  const wanted = new Map(production.map(({ name, entry }) => [purlOf(name, entry.version), entry]));
  const found = new Map(sbom.components.map((component) => [component.purl, component]));
  return [
    ...[...wanted.keys()].filter((purl) => !found.has(purl)).map((purl) => `${purl} is missing`),
    ...[...found.keys()]
      .filter((purl) => !wanted.has(purl))
      .map((purl) => `${purl} is not a production package`),
    ...[...found]
      .filter(([purl, { hashes = [] }]) => wanted.get(purl)?.integrity && hashes.length === 0)
      .map(([purl]) => `${purl} has no hash`),
    ...[...found]
      .filter(([, { externalReferences = [] }]) =>
        externalReferences.some(({ type }) => type === 'distribution'),
      )
      .map(([purl]) => `${purl} names where it was fetched`),
  ];
}

/** The package URL (package-url.org, type `npm`) of a package. */
function purlOf(name, version) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

const [file] = process.argv.slice(2);
try {
  reportFaults(
    sbomFaults(file === undefined ? makeSbom(PROJECT) : JSON.parse(readFileSync(file, 'utf8'))),
  );
} catch (error) {
  reportFaults([`cannot read a bill of materials: ${error.message}`]);
}
