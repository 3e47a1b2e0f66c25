import path from 'node:path';
import type { Environment } from '../src/process/config.ts';
import type { Secrets } from './data-folder.ts';
import { databaseUrl, urlOfRole } from './database-url.ts';
import { temporaryFolder } from './folders.ts';
import type { Ports } from './ports.ts';
import { StackError } from './stack-error.ts';

const HOST = '127.0.0.1';

/** So that a developer sees retries and polls happen, and does not wait for them. */
const SANDBOX_TIMES = {
  PHARMACY_TIMEOUT_MS: '2000',
  RETRY_INITIAL_MS: '250',
  RETRY_MAX_MS: '5000',
  POLL_INITIAL_MS: '5000',
};

/** High enough that a load test meets the machine's limits first. */
const SANDBOX_LIMITS = {
  RATE_LIMIT_PER_SECOND: '100000',
  AUTH_FAILURES_BURST: '100000',
  AUTH_FAILURES_PER_SECOND: '100000',
};

/** `TEMPORAL_…` variables that mean our programs, not the way to a server. */
const NOT_THE_WAY = ['TEMPORAL_NAMESPACE', 'TEMPORAL_TASK_QUEUE'];

/** Where to reach a running stack. */
export interface Addresses {
  /** Orders are placed here. */
  readonly baseUrl: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string;
  /** Shows payloads in the UI to who has logged in. */
  readonly codecUrl: string;
  /** As its owner, who only migrates; see {@link urlOfRole} for the others. */
  readonly databaseUrl: string;
  /** The pharmacy simulator, with its control API. */
  readonly simulatorUrl: string;
}

/** What the stack's programs run with. */
export interface StackSettings extends Addresses {
  /** Use the Temporal server of `TEMPORAL_ADDRESS`; start none. */
  readonly foreignTemporal: boolean;
  readonly namespace: string;
  readonly hashSecret: string;
  readonly encryptionKeys: string;
  /** The environment of `server`, and of the simulator. */
  readonly env: Environment;
  /** The environment of `worker`. */
  readonly workerEnv: Environment;
  /** The environment of Temporal and Postgres: nothing that would steer them. */
  readonly foreignEnv: Environment;
}

/**
 * Refuses an environment that means another database: the sandbox's fixtures, its well-known keys
 * among them, must never get into it.
 *
 * @throws {StackError} `DATABASE_URL` is set.
 */
export function requireNoDatabase(env: Environment): void {
  if (!env.DATABASE_URL) return;
  throw new StackError(
    'DATABASE_URL is set, and the sandbox never touches a database of yours: unset it, or run src/server.ts and src/worker.ts on it',
  );
}

/** Works out what the stack's programs run with, from the user's environment. Pure but for a folder. */
export function stackSettings(options: {
  readonly env: Environment;
  readonly ports: Ports;
  readonly dataDir: string;
  readonly secrets: Secrets;
}): StackSettings {
  const { ports, dataDir, secrets } = options;
  const given = Object.entries(options.env).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  const env: Environment = Object.fromEntries(given);
  const foreignTemporal = env.TEMPORAL_ADDRESS !== undefined;
  const temporalAddress = env.TEMPORAL_ADDRESS ?? `${HOST}:${ports.TEMPORAL_PORT}`;
  const ownUi = `http://${HOST}:${ports.TEMPORAL_UI_PORT}`;
  const temporalUiUrl = (foreignTemporal ? env.TEMPORAL_UI_URL : undefined) ?? ownUi;
  const codecUrl = `http://${HOST}:${ports.CODEC_PORT}`;
  const url = databaseUrl(ports.POSTGRES_PORT, secrets.postgresPassword);
  const baseUrl = `http://${HOST}:${ports.PORT}`;
  const hashSecret = env.HASH_SECRET ?? secrets.hashSecret;
  const encryptionKeys = env.ENCRYPTION_KEYS ?? secrets.encryptionKeys;
  // A cluster's keys and certificates must not be tried on the development server.
  const inherited = given.filter(
    ([name]) =>
      (foreignTemporal || !name.startsWith('TEMPORAL_') || NOT_THE_WAY.includes(name)) &&
      // The sandbox's documents belong into its folder, not into someone's bucket.
      !name.startsWith('DOCUMENTS_S3_') &&
      // Nor are its keys wrapped by someone's KMS.
      !name.startsWith('KMS_') &&
      // The parts reach each other by http on this machine.
      !/^(CODEC_)?TLS_/.test(name),
  );
  const ours = {
    ...SANDBOX_TIMES,
    ...SANDBOX_LIMITS,
    ...Object.fromEntries(inherited),
    HOST,
    PORT: String(ports.PORT),
    DATABASE_URL: urlOfRole(url, 'server'),
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_UI_URL: temporalUiUrl,
    HASH_SECRET: hashSecret,
    ENCRYPTION_KEYS: encryptionKeys,
    CODEC_SERVER_TOKEN: env.CODEC_SERVER_TOKEN ?? secrets.codecToken,
    CODEC_HOST: HOST,
    CODEC_PORT: String(ports.CODEC_PORT),
    DOCUMENTS_DIR: path.join(dataDir, 'documents'),
    // Whatever is tried with the well-known keys stays on this machine.
    WEBHOOK_DESTINATIONS: 'loopback',
    // The stack renders its parts' lines.
    LOG_FORMAT: 'json',
    SIMULATOR_HOST: HOST,
    SIMULATOR_PORT: String(ports.SIMULATOR_PORT),
    SIMULATOR_DATA_DIR: path.join(dataDir, 'simulator'),
    SIMULATOR_WEBHOOK_URL: `${baseUrl}/webhooks/pharmacies`,
    TMPDIR: temporaryFolder(),
  };
  return {
    baseUrl,
    temporalAddress,
    temporalUiUrl,
    codecUrl,
    databaseUrl: url,
    simulatorUrl: `http://${HOST}:${ports.SIMULATOR_PORT}`,
    foreignTemporal,
    namespace: env.TEMPORAL_NAMESPACE ?? 'default',
    hashSecret,
    encryptionKeys,
    env: ours,
    workerEnv: { ...ours, DATABASE_URL: urlOfRole(url, 'worker') },
    foreignEnv: {
      ...(env.PATH === undefined ? {} : { PATH: env.PATH }),
      ...(env.HOME === undefined ? {} : { HOME: env.HOME }),
      TMPDIR: temporaryFolder(),
      LC_ALL: 'C',
    },
  };
}
