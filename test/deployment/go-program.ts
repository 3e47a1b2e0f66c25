import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder } from '../../sandbox/folders.ts';
import type { Shell } from './shell.ts';

/**
 * Returns a Go program in the cache; builds it when it is missing.
 *
 * @param source the program and its version, in the format of `go install`.
 */
export async function goProgram(
  shell: Shell,
  name: string,
  source: string,
  say: (line: string) => void,
): Promise<string> {
  const cache = cacheFolder(process.env);
  const version = source.slice(source.lastIndexOf('@') + 1);
  const file = path.join(cache, `${name}-${version}`);
  if (existsSync(file)) return file;
  say(`building ${name} ${version} with Go`);
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(path.join(cache, 'new-'));
  try {
    const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '-trimpath' };
    await shell('go', ['install', '-ldflags=-s -w', source], { env, limitMs: 20 * 60_000 });
    const [built = ''] = await readdir(folder);
    await chmod(path.join(folder, built), 0o755);
    await rename(path.join(folder, built), file);
    return file;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
