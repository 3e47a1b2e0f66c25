import { homedir } from 'node:os';
import path from 'node:path';

/** Returns the project's folder in the user's cache, as `sandbox/folders.ts` does, before there are packages. */
export function cacheFolder() {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME) return path.join(XDG_CACHE_HOME, 'rx-orders');
  if (process.platform === 'darwin') return path.join(homedir(), 'Library/Caches/rx-orders');
  if (process.platform === 'win32' && LOCALAPPDATA) return path.join(LOCALAPPDATA, 'rx-orders');
  return path.join(homedir(), '.cache/rx-orders');
}
