import { cp, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT, temporaryFolder } from '../../sandbox/folders.ts';
import type { Shell } from '../deployment/shell.ts';

/**
 * Compiles the programs as `npm run build` does, into a new folder inside the project, so that they find its packages.
 *
 * @returns the folder, and a function that removes it.
 */
export async function build(
  shell: Shell,
): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(temporaryFolder(), 'production-'));
  await shell(process.execPath, [path.join(PROJECT, 'scripts/build.mjs'), folder]);
  await cp(path.join(PROJECT, 'package.json'), path.join(folder, 'package.json'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
