import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../src/process/config.ts';

/** The project's own folder. */
export const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Where the stack's processes put what they can make again, tsx's compiled files above all: inside
 * the project, so that nothing is left elsewhere. `scripts/bootstrap.mjs` names the same folder.
 */
export function temporaryFolder(): string {
  const folder = path.join(PROJECT, 'node_modules', '.cache', 'rx-orders');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * The user's cache folder of this project: `XDG_CACHE_HOME`, else what the platform has for it.
 *
 * @param home the user's home folder, for platforms that derive it from there.
 */
export function cacheFolder(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  return path.join(base(env, platform, home), 'rx-orders');
}

function base(env: Environment, platform: NodeJS.Platform, home: string): string {
  // The specification has a relative path ignored.
  if (env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME)) return env.XDG_CACHE_HOME;
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches');
  if (platform === 'win32') return env.LOCALAPPDATA || path.join(home, 'AppData', 'Local');
  return path.join(home, '.cache');
}
