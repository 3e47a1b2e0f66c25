// Removes from installed production packages what no program of the image loads:
//   node scripts/prune-modules.mjs FOLDER      FOLDER is a node_modules
// Prints the size that is left, in MB (10^6 bytes, in blocks of 4 KiB). Exits 1 if that is more than MOST_BYTES.
//
// - The native libraries of Temporal's SDK for other platforms than the one that runs this script. Packages that npm
//   selects by platform need no such step: npm has left the others out.
// - The Rust and TypeScript sources of that library.
// - Declarations, source maps, TypeScript and documents of any package. Licences stay.
// - The tests that packages publish.

import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A larger image is a fault: most likely a new dependency brings something that nothing here loads. */
const MOST_BYTES = 120_000_000;

const BRIDGE = '@temporalio/core-bridge';
/** Of the bridge, beside the files that are removed from every package. */
const SOURCES = ['sdk-core', 'src', 'ts', 'bridge-macros', 'Cargo.lock', 'Cargo.toml'];
const NEVER_LOADED = /\.(?:map|md|[cm]?ts|markdown|flow)$/;
const LICENCE = /^(?:licen[cs]e|copying|notice)/i;
const TESTS = new Set(['test', 'tests', '__tests__']);
const BLOCK = 4_096;

/** @param {string} modules a `node_modules`. @returns {number} the bytes that are left. */
function pruneModules(modules) {
  for (const name of otherBridges(modules)) remove(modules, BRIDGE, 'releases', name);
  for (const name of SOURCES) remove(modules, BRIDGE, name);
  return pruneFolder(modules, false);
}

/** The platforms of the bridge that this machine does not load. @param {string} modules */
function otherBridges(modules) {
  // Relative to the folder, because the version there decides the names.
  const require = createRequire(path.resolve(modules, 'from.js'));
  const { getPrebuiltTargetName } = require(path.resolve(modules, BRIDGE, 'common.js'));
  const kept = getPrebuiltTargetName();
  const all = readdirSync(path.join(modules, BRIDGE, 'releases'));
  if (!all.includes(kept)) throw new Error(`${BRIDGE} has no library for ${kept}`);
  return all.filter((name) => name !== kept);
}

/** @param {string[]} parts */
function remove(...parts) {
  rmSync(path.join(...parts), { recursive: true, force: true });
}

/**
 * @param {string} folder
 * @param {boolean} isPackage whether the folder is the root of a package.
 * @returns {number} the bytes that are left.
 */
function pruneFolder(folder, isPackage) {
  const entries = readdirSync(folder, { withFileTypes: true });
  const inModules = path.basename(folder) === 'node_modules' || path.basename(folder)[0] === '@';
  let left = BLOCK;
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (isPackage && TESTS.has(entry.name)) remove(file);
      else left += pruneFolder(file, inModules && entry.name[0] !== '@');
    } else if (NEVER_LOADED.test(entry.name) && !LICENCE.test(entry.name)) {
      remove(file);
    } else {
      left += Math.ceil(lstatSync(file).size / BLOCK) * BLOCK;
    }
  }
  return left;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('usage: prune-modules.mjs FOLDER');
  const left = pruneModules(folder);
  console.log(`${folder}: ${(left / 1e6).toFixed(0)} MB`);
  if (left > MOST_BYTES) {
    console.error(
      `more than ${MOST_BYTES / 1e6} MB: find what is new, and whether the image needs it`,
    );
    process.exit(1);
  }
}
