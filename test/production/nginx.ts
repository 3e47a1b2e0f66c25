import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder, PROJECT } from '../../sandbox/folders.ts';
import type { Part } from '../../sandbox/part.ts';
import type { Shell } from '../deployment/shell.ts';
import { testEnvironment } from '../support/environment.ts';
import type { Site } from './site.ts';

const INSTALLED = '/usr/sbin/nginx';

/** Describes nginx in front of the two servers, configured by `deploy/native/nginx.conf` with other ports. */
export async function prepareNginx(
  shell: Shell,
  site: Site,
  say: (line: string) => void,
): Promise<Part> {
  const { ports } = site;
  const folder = path.join(site.folder, 'nginx');
  await mkdir(folder);
  const text = await readFile(path.join(PROJECT, 'deploy/native/nginx.conf'), 'utf8');
  const config = path.join(folder, 'nginx.conf');
  await writeFile(
    config,
    text
      .replace('127.0.0.1:3000', `127.0.0.1:${ports.proxy}`)
      .replace('127.0.0.1:3001', `127.0.0.1:${ports.server1}`)
      .replace('127.0.0.1:3002', `127.0.0.1:${ports.server2}`)
      .replaceAll('/tmp/rx-orders-nginx', path.join(folder, 'of')),
  );
  return {
    name: 'server',
    command: await obtainNginx(shell, say),
    args: ['-p', folder, '-c', config, '-g', 'daemon off;'],
    env: testEnvironment(),
    stopSignal: 'SIGTERM',
    stopLimitMs: 10_000,
    ready: async () => {
      // It answers by itself here, also while no server runs.
      const { status } = await fetch(`${site.baseUrl}/metrics`);
      if (status !== 404) throw new Error(`nginx answers ${status}`);
    },
  };
}

/**
 * Returns nginx: the one that is installed, else Debian's package, unpacked into the cache, so that nothing is installed
 * and no service starts.
 */
async function obtainNginx(shell: Shell, say: (line: string) => void): Promise<string> {
  if (existsSync(INSTALLED)) return INSTALLED;
  const cache = path.join(cacheFolder(process.env), 'nginx');
  const program = path.join(cache, INSTALLED);
  if (existsSync(program)) return program;
  if (!existsSync('/usr/bin/apt-get')) throw new Error('install nginx');
  say("downloading Debian's nginx");
  await mkdir(path.dirname(cache), { recursive: true });
  const folder = await mkdtemp(`${cache}-new-`);
  try {
    const download = async () =>
      (await shell('apt-get', ['download', 'nginx'], { cwd: folder, mayFail: true })).code === 0;
    if (!(await download())) {
      // A container often has no list of packages.
      await shell('apt-get', ['update', '-qq']);
      if (!(await download())) throw new Error('nginx cannot be downloaded: install it');
    }
    const [file = ''] = await readdir(folder);
    await shell('dpkg', ['-x', file, 'root'], { cwd: folder });
    await rename(path.join(folder, 'root'), cache);
    return program;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
