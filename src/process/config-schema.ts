import { z } from 'zod';
import { type KeyRing, KeyRingError, parseKeyRing } from '../keys/key-ring.ts';
import { KMS_KEY_ARN } from '../keys/kms-key-arn.ts';
import { DELIVERY_SCHEDULE_MS } from '../lib/delivery-schedule.ts';
import { isUniform, LEAST_CHARACTERS, TOO_SHORT, TOO_UNIFORM } from '../lib/secret-strength.ts';
import { address, port, proxies } from './network-settings.ts';
import { otlpHeaders } from './otlp-headers.ts';
import { atLeastDays, checkRetention, LEAST_DAYS } from './retention-settings.ts';

/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Thrown for an invalid environment. `message` names every invalid variable, and never contains a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The longest time that an order may wait for its completion, in milliseconds. */
export const MOST_COMPLETION_LIMIT_MS = 366 * DAY_MS;

/** At most the longest delay of a Node timer, 24.8 days. */
const milliseconds = z.coerce.number().int().min(1).max(2_147_483_647);
/** Slots or pollers of a Temporal worker. */
const many = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const keyRing = z.string().transform((text, context): KeyRing => {
  try {
    return parseKeyRing(text);
  } catch (error) {
    if (!(error instanceof KeyRingError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});
/**
 * An alias is not allowed, because a data key in Postgres names the key that wrapped it, and an alias may
 * later point to another key.
 */
const KMS_KEY_RULE = 'must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>';
const kmsKeyId = z.string().regex(KMS_KEY_ARN, KMS_KEY_RULE);
const kmsKeyIds = z
  .string()
  .refine((list) => list.split(',').every((each) => KMS_KEY_ARN.test(each)), `each ${KMS_KEY_RULE}`)
  .transform((list) => list.split(','));
/** A secret of a deployment's own choice. */
export const secret = z
  .string()
  .min(LEAST_CHARACTERS, TOO_SHORT)
  .refine((text) => !isUniform(text), TOO_UNIFORM);
/** Secrets of which the first one signs and all of them verify. */
const secrets = z.string().transform((text, context): [string, ...string[]] => {
  const [first = '', ...others] = text.split(',');
  const list: [string, ...string[]] = [first, ...others];
  for (const each of list) {
    for (const { message } of secret.safeParse(each).error?.issues ?? []) {
      context.addIssue({
        code: 'custom',
        message: `each of the comma-separated secrets ${message}`,
      });
      return z.NEVER;
    }
  }
  return list;
});

/** All variables of server and worker. `.env.example` documents each of them. */
export const schema = z.object({
  /** Postgres, e.g. `postgres://rx:…@127.0.0.1:5432/rx_orders`. */
  DATABASE_URL: z.string().min(1),
  /** The most connections of a process's pool. It opens up to two more: for keys and for notifications. */
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10),

  /** The Temporal frontend, `host:port`. TLS and API keys are set by Temporal's own `TEMPORAL_*` variables. */
  TEMPORAL_ADDRESS: z.string().min(1).default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_TASK_QUEUE: z.string().min(1).default('orders'),
  /** The URL of the Temporal UI, the only origin that may call the codec server. */
  TEMPORAL_UI_URL: z.url().default('http://127.0.0.1:8233'),

  /** The name of this build in Temporal's histories. Default: the version and the commit. */
  BUILD_ID: z
    .string()
    .regex(/^[\w.+-]{1,100}$/, 'must be 1 to 100 letters, digits, ".", "_", "+" or "-"')
    .optional(),
  /** Workflow tasks that a worker runs at once. */
  WORKER_WORKFLOW_SLOTS: many(2, 1_000).default(40),
  /** Polls for workflow tasks that a worker keeps open. */
  WORKER_WORKFLOW_POLLERS: many(2, 100).default(10),
  /** Activities that a worker runs at once. One pharmacy takes at most 40 of them. */
  WORKER_ACTIVITY_SLOTS: many(80, 2_000).default(200),
  /** Polls for activities that a worker keeps open. */
  WORKER_ACTIVITY_POLLERS: many(1, 100).default(10),
  /** Workflows that a worker keeps in memory between their tasks. */
  WORKER_CACHED_WORKFLOWS: many(10, 100_000).default(500),
  /** How long a workflow task waits for the worker that has the workflow in memory. */
  WORKER_STICKY_TIMEOUT_MS: many(1_000, 60_000).default(10_000),

  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: port.default(3000),
  /** The base URL of the server for organizations, used in links to documents. Default: HOST and PORT. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Where a process serves `/metrics`, `host:port`, over plain HTTP. Default: the server on its own port, others nowhere. */
  METRICS_ADDRESS: address.optional(),
  /** How long a result of `/metrics` and of `/readyz` is reused; 0 shares it between concurrent requests only. */
  METRICS_CACHE_MS: z.coerce.number().int().min(0).max(60_000).default(1_000),
  /**
   * How long a connection may move no byte. The kernel buffers megabytes for a connection, so a client that
   * reads at 40 KiB/s may seem to stand still for half a minute.
   */
  SLOW_READER_IDLE_MS: z.coerce.number().int().min(100).max(3_600_000).default(60_000),
  /** The lowest average rate at which a client may read a whole response. */
  SLOW_READER_BYTES_PER_SECOND: z.coerce.number().int().min(1).max(1_073_741_824).default(16_384),
  /** The certificate and its key, with which the server itself serves HTTPS. Set both or neither. */
  TLS_CERT_FILE: z.string().min(1).optional(),
  TLS_KEY_FILE: z.string().min(1).optional(),
  /** The proxies whose `X-Forwarded-For` the server trusts. */
  TRUSTED_PROXIES: proxies.default([]),
  /** Failed authentication attempts that one address may make: in a burst, and per second. */
  AUTH_FAILURES_BURST: z.coerce.number().int().min(1).max(1_000_000).default(20),
  AUTH_FAILURES_PER_SECOND: z.coerce.number().min(0.01).max(1_000_000).default(1),

  /** How long an API key is valid that `rx key create` makes without `--expires`. Default: without end. */
  API_KEY_LIFETIME_DAYS: z.coerce.number().int().min(1).max(36_500).optional(),
  /** Requests per second of an API key without its own limit. */
  RATE_LIMIT_PER_SECOND: z.coerce.number().int().min(1).max(1_000_000).default(100),
  /** The size of a burst, as the number of seconds whose requests may arrive at once. */
  RATE_LIMIT_BURST_SECONDS: z.coerce.number().min(1).max(3_600).default(2),
  /** Orders that may wait in the outbox. When it is full, the server answers new orders with 503. */
  OUTBOX_LIMIT: z.coerce.number().int().min(1).max(10_000_000).default(100_000),
  /** Calls of one server process that may wait for Postgres. Beyond them, requests are answered with 503. */
  REQUEST_QUEUE_LIMIT: z.coerce.number().int().min(1).max(100_000).default(500),

  /** The key of the hashes of API keys and idempotency fingerprints. Changing it invalidates every API key. */
  HASH_SECRET: secret,
  /** The keys of signed links to documents, comma-separated: the first one signs, all verify. Default: HASH_SECRET. */
  DOCUMENT_LINK_SECRETS: secrets.optional(),

  /** The master keys of patient data in Postgres and Temporal: `id:key,…`, the active key first. */
  ENCRYPTION_KEYS: keyRing,
  /** An AWS KMS key that wraps the data keys of Postgres instead of the key ring. */
  KMS_KEY_ID: kmsKeyId.optional(),
  /** Earlier KMS keys, comma-separated, that only unwrap existing data keys. */
  KMS_OLD_KEY_IDS: kmsKeyIds.optional(),
  /** The URL of the KMS, when it is not AWS. */
  KMS_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** Set both or neither; without them, the AWS SDK looks for credentials, such as the machine's role. */
  KMS_ACCESS_KEY_ID: z.string().min(1).optional(),
  KMS_SECRET_ACCESS_KEY: z.string().min(1).optional(),

  /** The folder of the stored prescription documents; required when there is no bucket. */
  DOCUMENTS_DIR: z.string().min(1).optional(),
  /** An S3-compatible bucket that stores the documents instead of the folder. */
  DOCUMENTS_S3_BUCKET: z.string().min(1).optional(),
  /** The URL of the bucket's service, when it is not AWS. */
  DOCUMENTS_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  DOCUMENTS_S3_REGION: z.string().min(1).default('us-east-1'),
  /** Set both or neither; without them, the AWS SDK looks for credentials, such as the machine's role. */
  DOCUMENTS_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  DOCUMENTS_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),

  /** The timeout of one request to a pharmacy, including connection and body. */
  PHARMACY_TIMEOUT_MS: milliseconds.default(10_000),
  /** The first delay between two attempts after a transient error; it doubles each time, with jitter. */
  RETRY_INITIAL_MS: milliseconds.default(1_000),
  /** How long a pharmacy may need until it shows what it has announced. */
  PHARMACY_GRACE_MS: milliseconds.default(5 * 60_000),
  /** The largest document that is stored, in bytes. */
  DOCUMENT_LIMIT_BYTES: z.coerce.number().int().min(1_024).max(1_073_741_824).default(52_428_800),
  /** The longest delay between two attempts after a transient error. */
  RETRY_MAX_MS: milliseconds.default(5 * 60_000),
  /** How long the worker waits for the pharmacy's webhook before it polls the pharmacy. */
  POLL_INITIAL_MS: milliseconds.default(30_000),
  /** The longest delay between two polls. */
  POLL_MAX_MS: milliseconds.default(60 * 60_000),
  /** How long an order may wait for its completion before it expires; at most a year. */
  COMPLETION_LIMIT_MS: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_COMPLETION_LIMIT_MS)
    .default(30 * DAY_MS),

  /** Allowed webhook destinations: `public` addresses, or `loopback` in the sandbox. */
  WEBHOOK_DESTINATIONS: z.enum(['public', 'loopback']).default('public'),
  /** The timeout of one webhook request, from the DNS lookup to the end of the answer. */
  WEBHOOK_TIMEOUT_MS: milliseconds.max(60_000).default(10_000),
  /** The delays after each failed attempt except the last, comma-separated. */
  WEBHOOK_RETRY_SCHEDULE_MS: z
    .string()
    .regex(/^\d{1,9}(,\d{1,9}){0,49}$/, 'must be a comma-separated list of 1 to 50 delays in ms')
    .default(DELIVERY_SCHEDULE_MS.join(',')),
  /** An endpoint that fails for this long is paused: it receives nothing until it is enabled again. */
  WEBHOOK_PAUSE_AFTER_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(5 * DAY_MS),

  /** How long rows are kept, in days. Default: for ever (docs/growth.md). */
  RETENTION_DELIVERIES_DAYS: atLeastDays(LEAST_DAYS.deliveries),
  RETENTION_EVENTS_DAYS: atLeastDays(LEAST_DAYS.events),
  RETENTION_INBOX_DAYS: atLeastDays(LEAST_DAYS.inbox),
  RETENTION_AUDIT_DAYS: atLeastDays(LEAST_DAYS.audit),

  /** The interval at which the reconciler compares Postgres with Temporal. */
  RECONCILE_EVERY_MS: milliseconds.default(60_000),

  /** A file that the worker writes every few seconds while it works, for a container's health check. */
  HEARTBEAT_FILE: z.string().min(1).optional(),

  /** The URL of a collector that takes traces by OTLP over HTTP. Default: no traces. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** Headers for the collector, `name=value,…`, such as its API key. */
  OTEL_EXPORTER_OTLP_HEADERS: otlpHeaders.default({}),

  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** `auto` means pretty on a terminal and JSON elsewhere. */
  LOG_FORMAT: z.enum(['auto', 'json', 'pretty']).default('auto'),
});

/** Returns the arguments of `refine` for the rule that setting one variable requires another. */
export function requiredBy<Wanted extends string, By extends string>(wanted: Wanted, by: By) {
  const holds = (env: { readonly [name in Wanted | By]?: unknown }) =>
    env[by] === undefined || env[wanted] !== undefined;
  // Checked even when other variables are invalid, so that the message names all of them.
  const params: { path: PropertyKey[]; when: () => boolean } = { path: [wanted], when: () => true };
  return [holds, params] as const;
}

/** {@link schema} with the rules that involve several variables. */
export const wholeSchema = schema
  .superRefine(checkRetention)
  .refine((env) => !(env.WORKER_WORKFLOW_POLLERS > env.WORKER_WORKFLOW_SLOTS), {
    path: ['WORKER_WORKFLOW_POLLERS'],
    message: 'must be at most WORKER_WORKFLOW_SLOTS',
    when: () => true,
  })
  .refine((env) => env.DOCUMENTS_S3_BUCKET !== undefined || env.DOCUMENTS_DIR !== undefined, {
    path: ['DOCUMENTS_DIR'],
    when: () => true,
  })
  .refine(...requiredBy('DOCUMENTS_S3_SECRET_ACCESS_KEY', 'DOCUMENTS_S3_ACCESS_KEY_ID'))
  .refine(...requiredBy('DOCUMENTS_S3_ACCESS_KEY_ID', 'DOCUMENTS_S3_SECRET_ACCESS_KEY'))
  .refine(...requiredBy('KMS_SECRET_ACCESS_KEY', 'KMS_ACCESS_KEY_ID'))
  .refine(...requiredBy('KMS_ACCESS_KEY_ID', 'KMS_SECRET_ACCESS_KEY'))
  .refine(...requiredBy('TLS_KEY_FILE', 'TLS_CERT_FILE'))
  .refine(...requiredBy('TLS_CERT_FILE', 'TLS_KEY_FILE'));

/**
 * Parses environment variables with a schema. An empty variable counts as unset.
 *
 * @throws {ConfigError} a variable is missing or malformed; the message names every such variable.
 */
export function parse<T>(shape: z.ZodType<T>, env: Environment): T {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = shape.safeParse(present);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const name = issue.path.join('.');
    return present[name] === undefined ? `${name} is required` : `${name}: ${issue.message}`;
  });
  throw new ConfigError(`invalid configuration: ${faults.join('; ')}`);
}
