import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { obtainIntoCache } from '../../src/embedded/cached-binary.ts';
import { cacheFolder } from '../../src/embedded/folders.ts';
import { byGoInstall } from '../../src/embedded/go-build.ts';
import { freePorts } from '../../src/embedded/ports.ts';
import { startProgress } from '../../src/embedded/progress.ts';
import { type Reaper, startReaper } from '../../src/embedded/reaper.ts';
import { createRunCommand, type RunCommand } from '../../src/embedded/run-command.ts';
import { StackError } from '../../src/embedded/stack-error.ts';
import { testEnvironment } from './environment.ts';
import { eventually } from './eventually.ts';

const VERSION = 'v1.8.0';
const MODULE = `github.com/versity/versitygw/cmd/versitygw@${VERSION}`;
const WHY_BUILD =
  'tests need an S3 server: building versitygw with Go into the cache, about 2 minutes, once';

/** A real S3 server on a folder of its own. */
export interface S3Server {
  readonly url: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Where a folder is a bucket and a file is an object. */
  readonly folder: string;
  close(): Promise<void>;
}

/**
 * Starts versitygw, which is built on first use.
 *
 * @throws {StackError} there is none to be had; says what helps.
 */
export async function startVersitygw(): Promise<S3Server> {
  const reaper = await startReaper();
  const ending = new AbortController();
  const run = createRunCommand(reaper);
  const root = await mkdtemp(path.join(tmpdir(), 'rx-s3-'));
  try {
    const binary = await obtainVersitygw(run, ending.signal);
    const [folder, sidecar] = [path.join(root, 'buckets'), path.join(root, 'attributes')];
    await Promise.all([mkdir(folder), mkdir(sidecar)]);
    const { PORT } = await freePorts();
    const url = `http://127.0.0.1:${PORT}`;
    const credentials = { accessKeyId: 'test-access', secretAccessKey: 'test-secret-of-tests' };
    // Attributes in files of their own: not every temporary folder is on a disk that has them.
    const args = ['--port', `127.0.0.1:${PORT}`, '--quiet', 'posix', '--sidecar', sidecar, folder];
    const env = {
      ...testEnvironment(),
      ROOT_ACCESS_KEY: credentials.accessKeyId,
      ROOT_SECRET_KEY: credentials.secretAccessKey,
    };
    let died: string | undefined;
    const ended = run(binary, args, { env, signal: ending.signal }).then(
      ({ output }) => (died = output),
      (error: unknown) => (died = String(error)),
    );
    await eventually('the S3 server answers', async () => {
      if (died !== undefined) throw new Error(`versitygw ended: ${died}`);
      return await fetch(url).catch(() => undefined);
    });
    return {
      ...{ url, region: 'us-east-1', credentials, folder },
      async close() {
        ending.abort();
        await ended;
        await closeAll(reaper, root);
      },
    };
  } catch (error) {
    ending.abort();
    await closeAll(reaper, root);
    throw error;
  }
}

async function closeAll(reaper: Reaper, root: string): Promise<void> {
  await reaper.close();
  await rm(root, { recursive: true, force: true });
}

async function obtainVersitygw(run: RunCommand, signal: AbortSignal): Promise<string> {
  const env = testEnvironment();
  const cacheDir = cacheFolder(env);
  const cached = path.join(cacheDir, `versitygw-${VERSION}`);
  const runs = async (file: string) => {
    try {
      const { code } = await run(file, ['--version'], { env, signal, limitMs: 15_000 });
      return code === 0;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  };
  if (await runs(cached)) return cached;
  const progress = () => startProgress(process.stderr, 'versitygw', WHY_BUILD);
  return await obtainIntoCache(cached, {
    name: 'versitygw',
    ...{ cacheDir, signal, runs },
    obtain: [byGoInstall({ module: MODULE, env, cacheDir, run, signal, progress })],
    tell: (message) => process.stderr.write(`${message}\n`),
    otherwise: '',
    noBinary: ([why]) =>
      new StackError(
        `no S3 server to test with: ${why}; install Go (go.dev/dl), or put versitygw ${VERSION} at ${cached}`,
      ),
  });
}
