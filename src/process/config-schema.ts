import { isIP } from 'node:net';
import { z } from 'zod';
import { type KeyRing, KeyRingError, parseKeyRing } from '../keys/key-ring.ts';
import { KMS_KEY_ARN } from '../keys/kms-key-arn.ts';
import { DELIVERY_SCHEDULE_MS } from '../lib/delivery-schedule.ts';

/** The environment as a process sees it: names to strings. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Thrown where an environment is read; `message` names every variable at fault, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const DAY_MS = 24 * 60 * 60 * 1000;

export const port = z.coerce.number().int().min(1).max(65_535);
/** Timers take no more: 24.8 days. */
const milliseconds = z.coerce.number().int().min(1).max(2_147_483_647);
const keyRing = z.string().transform((text, context): KeyRing => {
  try {
    return parseKeyRing(text);
  } catch (error) {
    if (!(error instanceof KeyRingError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});
/** Not an alias: data keys in Postgres name the key that wrapped them, and only one of these is used. */
const KMS_KEY_RULE = 'must be the ARN of a KMS key, arn:aws:kms:<region>:<account>:key/<id>';
const kmsKeyId = z.string().regex(KMS_KEY_ARN, KMS_KEY_RULE);
const kmsKeyIds = z
  .string()
  .refine((list) => list.split(',').every((each) => KMS_KEY_ARN.test(each)), `each ${KMS_KEY_RULE}`)
  .transform((list) => list.split(','));
/** Addresses and CIDR ranges; a range of all addresses would let every caller choose its own. */
const proxies = z.string().transform((text, context): readonly string[] => {
  const list = text.split(',').map((each) => each.trim());
  if (list.every(isAddressRange)) return list;
  context.addIssue({
    code: 'custom',
    message: 'must be addresses or CIDR ranges with commas between',
  });
  return z.NEVER;
});

function isAddressRange(text: string): boolean {
  const [, address = '', prefix = '1'] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(prefix) >= 1 && Number(prefix) <= (family === 4 ? 32 : 128);
}

export const secret = z.string().min(16, 'must be at least 16 characters');

/** Every variable of server and worker; `.env.example` has them all. */
export const schema = z.object({
  /** Postgres, e.g. `postgres://rx:…@127.0.0.1:5432/rx_orders`. */
  DATABASE_URL: z.string().min(1),
  /** Most connections one process opens. */
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10),

  /** The Temporal frontend, `host:port`. TLS and API keys come by Temporal's own `TEMPORAL_*` variables. */
  TEMPORAL_ADDRESS: z.string().min(1).default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_TASK_QUEUE: z.string().min(1).default('orders'),
  /** Where people find the Temporal UI; only used to print links. */
  TEMPORAL_UI_URL: z.url().default('http://127.0.0.1:8233'),

  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: port.default(3000),
  /** Where organizations reach the server; stands in links to documents. Default: HOST and PORT. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** HTTPS by the server itself, with the certificate and its key in these files. Both or neither. */
  TLS_CERT_FILE: z.string().min(1).optional(),
  TLS_KEY_FILE: z.string().min(1).optional(),
  /** The proxies whose `X-Forwarded-For` is believed. */
  TRUSTED_PROXIES: proxies.default([]),
  /** How many attempts to prove oneself may fail from one address: at once, and a second. */
  AUTH_FAILURES_BURST: z.coerce.number().int().min(1).max(1_000_000).default(20),
  AUTH_FAILURES_PER_SECOND: z.coerce.number().min(0.01).max(1_000_000).default(1),

  /** Requests a second of one API key, where the key has no limit of its own. */
  RATE_LIMIT_PER_SECOND: z.coerce.number().int().min(1).max(1_000_000).default(100),
  /** How many seconds' worth of them may come at once, after a pause. */
  RATE_LIMIT_BURST_SECONDS: z.coerce.number().min(1).max(3_600).default(2),
  /** Orders that may wait to be started; beyond it new ones get 503. */
  OUTBOX_LIMIT: z.coerce.number().int().min(1).max(10_000_000).default(100_000),
  /** Calls of one server process that may wait for Postgres; beyond it requests get 503. */
  REQUEST_QUEUE_LIMIT: z.coerce.number().int().min(1).max(100_000).default(500),

  /** Keys the hashes of API keys and of idempotency fingerprints. Changing it locks every API key out. */
  HASH_SECRET: secret,

  /** What patient data is encrypted with, in Postgres and in Temporal: `id:key,…`, the active key first. */
  ENCRYPTION_KEYS: keyRing,
  /** The key of AWS KMS that wraps the data keys of Postgres, in the ring's place. */
  KMS_KEY_ID: kmsKeyId.optional(),
  /** Keys there that only open what they have wrapped, with commas between. */
  KMS_OLD_KEY_IDS: kmsKeyIds.optional(),
  /** The keys' service, for one that is not AWS's. */
  KMS_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** As those of the bucket. */
  KMS_ACCESS_KEY_ID: z.string().min(1).optional(),
  KMS_SECRET_ACCESS_KEY: z.string().min(1).optional(),

  /** Folder of the stored prescription documents; required where there is no bucket. */
  DOCUMENTS_DIR: z.string().min(1).optional(),
  /** An S3-compatible bucket for them instead. */
  DOCUMENTS_S3_BUCKET: z.string().min(1).optional(),
  /** The bucket's service, for one that is not AWS's. */
  DOCUMENTS_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  DOCUMENTS_S3_REGION: z.string().min(1).default('us-east-1'),
  /** Both or neither; without them, AWS's SDK finds some, e.g. those of the machine's role. */
  DOCUMENTS_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  DOCUMENTS_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),

  /** One request to a pharmacy, connection and body included. */
  PHARMACY_TIMEOUT_MS: milliseconds.default(10_000),
  /** First wait between two attempts after a transient fault; doubles from there, with jitter. */
  RETRY_INITIAL_MS: milliseconds.default(1_000),
  /** Longest wait between two attempts after a transient fault. */
  RETRY_MAX_MS: milliseconds.default(5 * 60_000),
  /** How long to wait for a pharmacy's webhook before looking at the order there. */
  POLL_INITIAL_MS: milliseconds.default(30_000),
  /** Longest wait between two looks. */
  POLL_MAX_MS: milliseconds.default(60 * 60_000),
  /** How long an order may wait for its completion before it expires. */
  COMPLETION_LIMIT_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(30 * DAY_MS),

  /** Where webhooks may go: `public` addresses, or the sandbox's own `loopback`. */
  WEBHOOK_DESTINATIONS: z.enum(['public', 'loopback']).default('public'),
  /** One request to an organization's endpoint, from the look-up of its name to the answer's end. */
  WEBHOOK_TIMEOUT_MS: milliseconds.max(60_000).default(10_000),
  /** The waits after each failed attempt but the last, with commas between. */
  WEBHOOK_RETRY_SCHEDULE_MS: z
    .string()
    .regex(/^\d{1,9}(,\d{1,9}){0,49}$/, 'must be 1 to 50 milliseconds with commas between')
    .default(DELIVERY_SCHEDULE_MS.join(',')),
  /** An endpoint that fails for so long gets nothing more until it is resumed. */
  WEBHOOK_PAUSE_AFTER_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(5 * DAY_MS),

  /** From one comparing of Postgres with Temporal to the next. */
  RECONCILE_EVERY_MS: milliseconds.default(60_000),

  /** A file that the worker touches every few seconds while it works; for a container's health check. */
  HEARTBEAT_FILE: z.string().min(1).optional(),

  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** `auto` is pretty on a terminal and JSON elsewhere. */
  LOG_FORMAT: z.enum(['auto', 'json', 'pretty']).default('auto'),
});

/** The rule that a variable is set where another is; to be spread into `refine`. */
export function requiredBy<Wanted extends string, By extends string>(wanted: Wanted, by: By) {
  const holds = (env: { readonly [name in Wanted | By]?: unknown }) =>
    env[by] === undefined || env[wanted] !== undefined;
  // Checked also where others are at fault, so that all are named.
  const params: { path: PropertyKey[]; when: () => boolean } = { path: [wanted], when: () => true };
  return [holds, params] as const;
}

/** What variables say of each other. */
export const wholeSchema = schema
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
 * Reads variables by a schema; an empty one counts as one that is not set.
 *
 * @throws {ConfigError} names every missing or malformed variable.
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
