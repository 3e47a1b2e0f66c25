import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../src/process/config.ts';

/** The project's root folder. */
export const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Returns the `TMPDIR` of the stack's processes, mostly used for files that tsx compiled. It is inside
 * the project, so that no files are left elsewhere. `scripts/bootstrap/run.mjs` uses the same folder.
 */
export function temporaryFolder(): string {
  const folder = path.join(PROJECT, 'node_modules', '.cache', 'rx-orders');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * Returns this project's folder in the user's cache: below `XDG_CACHE_HOME`, else below the platform's
 * own cache folder.
 *
 * @param home the user's home folder, from which the platform's cache folder is derived.
 */
export function cacheFolder(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  return path.join(base(env, platform, home), 'rx-orders');
}

function base(env: Environment, platform: NodeJS.Platform, home: string): string {
  // The XDG Base Directory Specification requires to ignore a relative path.
  if (env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME)) return env.XDG_CACHE_HOME;
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches');
  if (platform === 'win32') return env.LOCALAPPDATA || path.join(home, 'AppData', 'Local');
  return path.join(home, '.cache');
}
