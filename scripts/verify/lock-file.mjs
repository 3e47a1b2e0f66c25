import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The packages of others in a project's lock file: without the project and its workspaces.
 *
 * @param {string} folder of the project.
 * @returns {{ at: string, name: string, entry: Record<string, any> }[]} `at` is where a package is
 *   installed, `entry` what the lock file says about it.
 */
export function lockedPackages(folder) {
  return entriesOf(folder)
    .filter(([at, { link }]) => at.includes('node_modules/') && !link)
    .map(([at, entry]) => ({ at, name: at.split('node_modules/').at(-1), entry }));
}

/** The files `package.json` of a project's workspaces, relative to the project. */
export function workspaceManifests(folder) {
  return entriesOf(folder)
    .filter(([, { link }]) => link)
    .map(([, { resolved }]) => `${resolved}/package.json`);
}

function entriesOf(folder) {
  const { packages } = JSON.parse(readFileSync(path.join(folder, 'package-lock.json'), 'utf8'));
  return Object.entries(packages);
}
