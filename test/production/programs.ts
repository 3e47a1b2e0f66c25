import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Part, PartName } from '../../sandbox/part.ts';
import type { Environment } from '../../src/process/config.ts';
import { testEnvironment } from '../support/environment.ts';
import { buildGoProgram } from '../support/go-server.ts';
import { bucketsIn, VERSITYGW } from '../support/versitygw.ts';
import { BUCKET, type Site } from './site.ts';

/** A build of the programs: a folder that has `dist` and `package.json`. */
export interface Build {
  readonly folder: string;
}

/** A process that serves one of two. */
type Nth = 1 | 2;

/** A little more than the 20 s that a process may take to finish its work (docs/deployment.md, "Processes"). */
const STOP_LIMIT_MS = 22_000;
/** The greatest age of a worker's heartbeat, from the same table. */
const HEARTBEAT_LIMIT_MS = 30_000;

/** Describes a program of a build, started as docs/deployment.md says, without a channel to the test. */
function program(
  name: PartName,
  build: Build,
  file: string,
  env: Environment,
  health: Pick<Part, 'ready' | 'prepare'>,
): Part {
  return {
    name,
    command: process.execPath,
    args: [`dist/${file}.js`],
    cwd: build.folder,
    env,
    stopSignal: 'SIGTERM',
    stopLimitMs: STOP_LIMIT_MS,
    ...health,
  };
}

/** Describes a server. */
export function serverPart(site: Site, build: Build, nth: Nth): Part {
  const { ports } = site;
  const port = ports[`server${nth}`];
  const env = {
    ...site.environment('server'),
    PORT: String(port),
    PUBLIC_URL: site.baseUrl,
    TRUSTED_PROXIES: '127.0.0.1',
    METRICS_ADDRESS: `127.0.0.1:${ports[`metrics${nth}`]}`,
  };
  return program('server', build, 'src/server', env, { ready: answersOk(port, '/readyz') });
}

/** Describes a worker. */
export function workerPart(site: Site, build: Build, nth: Nth): Part {
  const heartbeat = path.join(site.folder, `heartbeat-${nth}`);
  const env = {
    ...site.environment('worker'),
    HEARTBEAT_FILE: heartbeat,
    METRICS_ADDRESS: `127.0.0.1:${site.ports[nth === 1 ? 'metrics3' : 'metrics4']}`,
  };
  return program('worker', build, 'src/worker', env, {
    // The heartbeat of the process before would count as this one's.
    prepare: () => rm(heartbeat, { force: true }),
    async ready() {
      const age = Date.now() - (await stat(heartbeat)).mtimeMs;
      if (age > HEARTBEAT_LIMIT_MS) throw new Error(`the heartbeat is ${age} ms old`);
    },
  });
}

/** Describes the codec server. */
export function codecPart(site: Site, build: Build): Part {
  const env = {
    ...testEnvironment(),
    NODE_ENV: 'production',
    CODEC_PORT: String(site.ports.codec),
    CODEC_SERVER_TOKEN_FILE: site.secretFile('codec_server_token'),
    ENCRYPTION_KEYS_FILE: site.secretFile('encryption_keys'),
    METRICS_ADDRESS: `127.0.0.1:${site.ports.metrics5}`,
  };
  const health = { ready: answersOk(site.ports.codec, '/healthz') };
  return program('codec', build, 'src/codec-server', env, health);
}

/** Describes the pharmacies, which keep their orders in a folder. */
export function simulatorPart(site: Site, build: Build): Part {
  const env = {
    ...testEnvironment(),
    SIMULATOR_PORT: String(site.ports.simulator),
    SIMULATOR_DATA_DIR: path.join(site.folder, 'simulator'),
    SIMULATOR_WEBHOOK_URL: `${site.baseUrl}/webhooks/pharmacies`,
  };
  const health = { ready: answersOk(site.ports.simulator, '/healthz') };
  return program('simulator', build, 'simulator/main', env, health);
}

/** Makes an empty bucket in place of an earlier one, and describes its server. */
export async function createBucket(site: Site): Promise<Part> {
  const root = path.join(site.folder, 's3');
  await rm(root, { recursive: true, force: true });
  await mkdir(root);
  const file = await buildGoProgram(VERSITYGW);
  const { args } = await VERSITYGW.serve(site.ports.bucket, root);
  await mkdir(path.join(bucketsIn(root), BUCKET));
  return {
    name: 'simulator', // It too is an external system.
    command: file,
    args,
    env: {
      ...testEnvironment(),
      ROOT_ACCESS_KEY: site.s3.accessKeyId,
      ROOT_SECRET_KEY: site.s3.secretAccessKey,
    },
    stopSignal: 'SIGTERM',
    stopLimitMs: 10_000,
    ready: async () => void (await fetch(`http://127.0.0.1:${site.ports.bucket}`)),
  };
}

function answersOk(port: number, route: string): () => Promise<void> {
  return async () => {
    const { ok, status } = await fetch(`http://127.0.0.1:${port}${route}`);
    if (!ok) throw new Error(`${route} answers ${status}`);
  };
}
