import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The packages of a project's lock file, without the project itself.
 *
 * @param {string} folder of the project.
 * @returns {{ at: string, name: string, entry: Record<string, any> }[]} `at` is where a package is
 *   installed, `entry` what the lock file says of it.
 */
export function lockedPackages(folder) {
  const { packages } = JSON.parse(readFileSync(path.join(folder, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([at]) => at !== '')
    .map(([at, entry]) => ({ at, name: at.split('node_modules/').at(-1), entry }));
}
