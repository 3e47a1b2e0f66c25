import path from 'node:path';
import { isLocalHost } from '../src/lib/local-host.ts';
import type { Environment } from '../src/process/config.ts';
import type { Secrets } from './data-folder.ts';
import { databaseUrl, urlOfRole } from './database-url.ts';
import { temporaryFolder } from './folders.ts';
import type { Ports } from './ports.ts';
import { StackError } from './stack-error.ts';

const HOST = '127.0.0.1';

/** Short times, so that a developer sees retries and polls without waiting for them. */
const SANDBOX_TIMES = {
  PHARMACY_TIMEOUT_MS: '2000',
  RETRY_INITIAL_MS: '250',
  RETRY_MAX_MS: '5000',
  POLL_INITIAL_MS: '5000',
};

/** High limits, so that a load test reaches the machine's limits first. */
const SANDBOX_LIMITS = {
  RATE_LIMIT_PER_SECOND: '100000',
  AUTH_FAILURES_BURST: '100000',
  AUTH_FAILURES_PER_SECOND: '100000',
};

/** `TEMPORAL_…` variables that configure this project's programs, not the connection to a server. */
const NOT_CONNECTION = ['TEMPORAL_NAMESPACE', 'TEMPORAL_TASK_QUEUE'];

/** The addresses of a running stack. */
export interface Addresses {
  /** The server's base URL. */
  readonly baseUrl: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string;
  /** The codec server, which decrypts payloads for the Temporal UI and for operators. */
  readonly codecUrl: string;
  /** Logs in as the owner, for migrations; see {@link urlOfRole} for the other roles. */
  readonly databaseUrl: string;
  /** The pharmacy simulator, with its control API. */
  readonly simulatorUrl: string;
  /** The operators' console, if it runs. */
  readonly consoleUrl: string;
  /** The metrics of the worker; those of the server are at `/metrics` of its base URL. */
  readonly workerMetricsUrl: string;
}

/** The configuration of the stack's programs. */
export interface StackSettings extends Addresses {
  /** Whether the stack uses the Temporal server of `TEMPORAL_ADDRESS` instead of starting one. */
  readonly foreignTemporal: boolean;
  readonly namespace: string;
  readonly hashSecret: string;
  readonly encryptionKeys: string;
  /** The environment of `server`, the codec server and the simulator. */
  readonly env: Environment;
  /** The environment of `worker`. */
  readonly workerEnv: Environment;
  /** The environment of the console. */
  readonly consoleEnv: Environment;
  /** The environment of Temporal and Postgres: no variable that would configure them. */
  readonly foreignEnv: Environment;
}

/**
 * Refuses an environment that names a database, because the sandbox's fixtures with their public API
 * keys must never be inserted into it.
 *
 * @throws {StackError} `DATABASE_URL` is set.
 */
export function requireNoDatabase(env: Environment): void {
  if (!env.DATABASE_URL) return;
  throw new StackError(
    'DATABASE_URL is set, but the sandbox only uses its own database: unset DATABASE_URL, or run src/server.ts and src/worker.ts with it',
  );
}

/**
 * Derives the configuration of the stack's programs from the user's environment. Its only side effect is
 * to create the folder for temporary files.
 */
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
  // A key of the user may also decrypt payloads of another deployment; the sandbox's own keys cannot.
  const needsLogin =
    env.CODEC_LOGIN === 'required' ||
    env.ENCRYPTION_KEYS !== undefined ||
    env.TRUSTED_PROXIES !== undefined ||
    !isLocalHost(hostnameOf(temporalUiUrl));
  // Credentials of a Temporal cluster must not be sent to the development server.
  const inherited = given.filter(
    ([name]) =>
      (foreignTemporal || !name.startsWith('TEMPORAL_') || NOT_CONNECTION.includes(name)) &&
      // The sandbox stores documents in its own folder, not in a bucket of the user.
      !name.startsWith('DOCUMENTS_S3_') &&
      // The sandbox wraps its data keys itself, not with a KMS of the user.
      !name.startsWith('KMS_') &&
      // The server serves its metrics on its own port, and the worker on `WORKER_METRICS_PORT`.
      name !== 'METRICS_ADDRESS' &&
      // The parts connect to each other over plain HTTP on this machine.
      !/^((CODEC|CONSOLE)_)?TLS_/.test(name),
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
    CODEC_LOGIN: needsLogin ? 'required' : 'none',
    DOCUMENTS_DIR: path.join(dataDir, 'documents'),
    // The API keys are public, so webhooks stay on this machine.
    WEBHOOK_DESTINATIONS: 'loopback',
    // The stack formats its parts' log lines itself.
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
    consoleUrl: `http://${HOST}:${ports.CONSOLE_PORT}`,
    workerMetricsUrl: `http://${HOST}:${ports.WORKER_METRICS_PORT}/metrics`,
    foreignTemporal,
    namespace: env.TEMPORAL_NAMESPACE ?? 'default',
    hashSecret,
    encryptionKeys,
    env: ours,
    workerEnv: {
      ...ours,
      DATABASE_URL: urlOfRole(url, 'worker'),
      METRICS_ADDRESS: `${HOST}:${ports.WORKER_METRICS_PORT}`,
    },
    consoleEnv: {
      ...ours,
      DATABASE_URL: urlOfRole(url, 'operator'),
      CONSOLE_HOST: HOST,
      CONSOLE_PORT: String(ports.CONSOLE_PORT),
      CONSOLE_URL: `http://${HOST}:${ports.CONSOLE_PORT}`,
    },
    foreignEnv: {
      ...(env.PATH === undefined ? {} : { PATH: env.PATH }),
      ...(env.HOME === undefined ? {} : { HOME: env.HOME }),
      TMPDIR: temporaryFolder(),
      LC_ALL: 'C',
    },
  };
}

/** Returns the host of a URL. For any other text it returns an empty one; the codec server rejects that URL by name. */
function hostnameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}
