import type { z } from 'zod';
import type { DocumentSettings } from '../documents/create-document-store.ts';
import type { KmsSettings } from '../keys/create-key-provider.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { type Environment, parse, requiredBy, schema, wholeSchema } from './config-schema.ts';
import { callersOf, type Listening, tlsFiles } from './listening.ts';
import { type HostAndPort, origin, reachable } from './network-settings.ts';

export { ConfigError, type Environment } from './config-schema.ts';

/** The configuration of server and worker; `.env.example` documents each variable. */
export interface Config {
  readonly database: { readonly url: string; readonly poolSize: number };
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    readonly taskQueue: string;
    readonly uiUrl: string;
  };
  /** The name of this build in Temporal's histories. undefined: derived from the code. */
  readonly buildId: string | undefined;
  /** How much the Temporal worker of orders takes on; docs/operations.md says when to change it. */
  readonly worker: {
    readonly workflowSlots: number;
    readonly workflowPollers: number;
    readonly activitySlots: number;
    readonly activityPollers: number;
    readonly cachedWorkflows: number;
    readonly stickyTimeoutMs: number;
  };
  readonly http: Listening & {
    readonly publicUrl: string;
    /** Where a process serves its metrics; undefined: the server on its own port, the worker nowhere. */
    readonly metricsAddress: HostAndPort | undefined;
    /** How long a result of `/metrics` and of `/readyz` is reused. */
    readonly metricsCacheMs: number;
    /** Clients that read a response more slowly are disconnected. */
    readonly slowReaders: { readonly idleMs: number; readonly bytesPerSecond: number };
  };
  readonly hashSecret: string;
  /** The keys of signed links to documents: the first one signs, all verify. */
  readonly documentLinkSecrets: readonly [string, ...string[]];
  readonly encryptionKeys: KeyRing;
  /** undefined: a KMS wraps no data key, neither now nor before. */
  readonly kms: KmsSettings | undefined;
  readonly limits: {
    readonly rateLimit: { readonly perSecond: number; readonly burstSeconds: number };
    readonly outboxLimit: number;
    readonly queueLimit: number;
  };
  readonly documents: DocumentSettings;
  readonly pharmacy: {
    readonly timeoutMs: number;
    readonly retryInitialMs: number;
    readonly retryMaxMs: number;
    readonly pollInitialMs: number;
    readonly pollMaxMs: number;
    readonly completionLimitMs: number;
    /** How long a pharmacy may need until it shows what it has announced. */
    readonly graceMs: number;
    /** The largest document that is stored, in bytes. */
    readonly documentLimitBytes: number;
  };
  readonly webhooks: {
    readonly destinations: 'public' | 'loopback';
    readonly timeoutMs: number;
    /** The delays after each failed attempt except the last. */
    readonly retryScheduleMs: readonly number[];
    readonly pauseAfterMs: number;
  };
  /** How many days rows are kept; undefined: for ever. */
  readonly retention: {
    readonly deliveriesDays: number | undefined;
    readonly eventsDays: number | undefined;
    readonly inboxDays: number | undefined;
    readonly auditDays: number | undefined;
  };
  /** The interval at which the reconciler compares Postgres with Temporal, in milliseconds. */
  readonly reconcileEveryMs: number;
  readonly heartbeatFile: string | undefined;
  /** The collector of traces; undefined: no traces. */
  readonly tracing:
    | { readonly endpoint: string; readonly headers: Readonly<Record<string, string>> }
    | undefined;
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
    readonly format: 'auto' | 'json' | 'pretty';
  };
}

/**
 * Parses the configuration of server and worker. The function is pure: it reads no file and opens no
 * connection. An empty variable counts as unset.
 *
 * @throws {ConfigError} a variable is missing or malformed; the message names every such variable.
 */
export function parseConfig(env: Environment): Config {
  const value = parse(wholeSchema, env);
  const tls = tlsFiles('', value.TLS_CERT_FILE, value.TLS_KEY_FILE);
  const origin = `${tls === undefined ? 'http' : 'https'}://${reachable(value.HOST)}:${value.PORT}`;
  return {
    database: { url: value.DATABASE_URL, poolSize: value.DATABASE_POOL_SIZE },
    temporal: {
      address: value.TEMPORAL_ADDRESS,
      namespace: value.TEMPORAL_NAMESPACE,
      taskQueue: value.TEMPORAL_TASK_QUEUE,
      uiUrl: value.TEMPORAL_UI_URL,
    },
    buildId: value.BUILD_ID,
    worker: {
      workflowSlots: value.WORKER_WORKFLOW_SLOTS,
      workflowPollers: value.WORKER_WORKFLOW_POLLERS,
      activitySlots: value.WORKER_ACTIVITY_SLOTS,
      activityPollers: value.WORKER_ACTIVITY_POLLERS,
      cachedWorkflows: value.WORKER_CACHED_WORKFLOWS,
      stickyTimeoutMs: value.WORKER_STICKY_TIMEOUT_MS,
    },
    http: {
      host: value.HOST,
      port: value.PORT,
      tls,
      publicUrl: value.PUBLIC_URL ?? origin,
      metricsAddress: value.METRICS_ADDRESS,
      metricsCacheMs: value.METRICS_CACHE_MS,
      slowReaders: {
        idleMs: value.SLOW_READER_IDLE_MS,
        bytesPerSecond: value.SLOW_READER_BYTES_PER_SECOND,
      },
      ...callersOf(value),
    },
    hashSecret: value.HASH_SECRET,
    documentLinkSecrets: value.DOCUMENT_LINK_SECRETS ?? [value.HASH_SECRET],
    encryptionKeys: value.ENCRYPTION_KEYS,
    kms: kmsOf(value),
    limits: {
      rateLimit: {
        perSecond: value.RATE_LIMIT_PER_SECOND,
        burstSeconds: value.RATE_LIMIT_BURST_SECONDS,
      },
      outboxLimit: value.OUTBOX_LIMIT,
      queueLimit: value.REQUEST_QUEUE_LIMIT,
    },
    documents: documentsOf(value) ?? { folder: '' },
    pharmacy: {
      timeoutMs: value.PHARMACY_TIMEOUT_MS,
      retryInitialMs: value.RETRY_INITIAL_MS,
      retryMaxMs: value.RETRY_MAX_MS,
      pollInitialMs: value.POLL_INITIAL_MS,
      pollMaxMs: value.POLL_MAX_MS,
      completionLimitMs: value.COMPLETION_LIMIT_MS,
      graceMs: value.PHARMACY_GRACE_MS,
      documentLimitBytes: value.DOCUMENT_LIMIT_BYTES,
    },
    webhooks: {
      destinations: value.WEBHOOK_DESTINATIONS,
      timeoutMs: value.WEBHOOK_TIMEOUT_MS,
      retryScheduleMs: value.WEBHOOK_RETRY_SCHEDULE_MS.split(',').map(Number),
      pauseAfterMs: value.WEBHOOK_PAUSE_AFTER_MS,
    },
    retention: {
      deliveriesDays: value.RETENTION_DELIVERIES_DAYS,
      eventsDays: value.RETENTION_EVENTS_DAYS,
      inboxDays: value.RETENTION_INBOX_DAYS,
      auditDays: value.RETENTION_AUDIT_DAYS,
    },
    reconcileEveryMs: value.RECONCILE_EVERY_MS,
    heartbeatFile: value.HEARTBEAT_FILE,
    tracing:
      value.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? undefined
        : {
            endpoint: value.OTEL_EXPORTER_OTLP_ENDPOINT,
            headers: value.OTEL_EXPORTER_OTLP_HEADERS,
          },
    log: { level: value.LOG_LEVEL, format: value.LOG_FORMAT },
  };
}

/** The environment variables of {@link DocumentSettings}. */
const DOCUMENT_VARIABLES = {
  DOCUMENTS_DIR: true,
  DOCUMENTS_S3_BUCKET: true,
  DOCUMENTS_S3_ENDPOINT: true,
  DOCUMENTS_S3_REGION: true,
  DOCUMENTS_S3_ACCESS_KEY_ID: true,
  DOCUMENTS_S3_SECRET_ACCESS_KEY: true,
} as const;

function documentsOf(
  value: Pick<z.infer<typeof schema>, keyof typeof DOCUMENT_VARIABLES>,
): DocumentSettings | undefined {
  if (value.DOCUMENTS_S3_BUCKET === undefined) {
    return value.DOCUMENTS_DIR === undefined ? undefined : { folder: value.DOCUMENTS_DIR };
  }
  return {
    bucket: value.DOCUMENTS_S3_BUCKET,
    endpoint: value.DOCUMENTS_S3_ENDPOINT,
    region: value.DOCUMENTS_S3_REGION,
    credentials: credentialsOf(
      value.DOCUMENTS_S3_ACCESS_KEY_ID,
      value.DOCUMENTS_S3_SECRET_ACCESS_KEY,
    ),
  };
}

/** The environment variables of {@link KmsSettings}. */
const KMS_VARIABLES = {
  KMS_KEY_ID: true,
  KMS_OLD_KEY_IDS: true,
  KMS_ENDPOINT: true,
  KMS_ACCESS_KEY_ID: true,
  KMS_SECRET_ACCESS_KEY: true,
} as const;

function kmsOf(
  value: Pick<z.infer<typeof schema>, keyof typeof KMS_VARIABLES>,
): KmsSettings | undefined {
  const active = value.KMS_KEY_ID;
  const [first, ...others] = [active ?? [], value.KMS_OLD_KEY_IDS ?? []].flat();
  if (first === undefined) return undefined;
  return {
    keyIds: [first, ...others],
    wraps: active !== undefined,
    endpoint: value.KMS_ENDPOINT,
    credentials: credentialsOf(value.KMS_ACCESS_KEY_ID, value.KMS_SECRET_ACCESS_KEY),
  };
}

function credentialsOf(accessKeyId: string | undefined, secretAccessKey: string | undefined) {
  return accessKeyId === undefined || secretAccessKey === undefined
    ? undefined
    : { accessKeyId, secretAccessKey };
}

const operatorSchema = schema
  .pick({ DATABASE_URL: true, HASH_SECRET: true, ENCRYPTION_KEYS: true })
  .partial()
  .extend(schema.pick({ WEBHOOK_DESTINATIONS: true, API_KEY_LIFETIME_DAYS: true }).shape)
  .extend({ CONSOLE_URL: origin.default('http://127.0.0.1:8235') })
  .extend(schema.pick({ TEMPORAL_ADDRESS: true, TEMPORAL_NAMESPACE: true }).shape)
  .extend(schema.pick(KMS_VARIABLES).shape)
  .extend(schema.pick(DOCUMENT_VARIABLES).shape)
  .refine(...requiredBy('DOCUMENTS_S3_SECRET_ACCESS_KEY', 'DOCUMENTS_S3_ACCESS_KEY_ID'))
  .refine(...requiredBy('DOCUMENTS_S3_ACCESS_KEY_ID', 'DOCUMENTS_S3_SECRET_ACCESS_KEY'))
  .refine(...requiredBy('KMS_SECRET_ACCESS_KEY', 'KMS_ACCESS_KEY_ID'))
  .refine(...requiredBy('KMS_ACCESS_KEY_ID', 'KMS_SECRET_ACCESS_KEY'));

/** The configuration of the operators' command line, `rx`. */
export interface OperatorConfig {
  /** undefined: `rx` connects to the sandbox. */
  readonly databaseUrl: string | undefined;
  /** Optional, because only commands that handle API keys and cases need it. */
  readonly hashSecret: string | undefined;
  /** Optional, because only commands that show or store patient data or secrets need it. */
  readonly encryptionKeys: KeyRing | undefined;
  readonly kms: KmsSettings | undefined;
  /** Optional, because only `rx doctor` needs it. */
  readonly documents: DocumentSettings | undefined;
  /** undefined: keys do not expire by default. */
  readonly keyLifetimeDays: number | undefined;
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly webhooks: Pick<Config['webhooks'], 'destinations'>;
  /** Where operators reach the console, without a slash at the end. */
  readonly consoleUrl: string;
}

/**
 * Parses the configuration of `rx`, in the same way as {@link parseConfig}; every variable is optional.
 *
 * @throws {ConfigError} a variable is malformed; the message names every such variable.
 */
export function parseOperatorConfig(env: Environment): OperatorConfig {
  const value = parse(operatorSchema, env);
  return {
    databaseUrl: value.DATABASE_URL,
    hashSecret: value.HASH_SECRET,
    encryptionKeys: value.ENCRYPTION_KEYS,
    kms: kmsOf(value),
    documents: documentsOf(value),
    keyLifetimeDays: value.API_KEY_LIFETIME_DAYS,
    temporal: { address: value.TEMPORAL_ADDRESS, namespace: value.TEMPORAL_NAMESPACE },
    webhooks: { destinations: value.WEBHOOK_DESTINATIONS },
    consoleUrl: value.CONSOLE_URL,
  };
}
