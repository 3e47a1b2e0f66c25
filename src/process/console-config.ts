import { z } from 'zod';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Config } from './config.ts';
import { type Environment, parse, requiredBy, schema } from './config-schema.ts';
import { callersOf, type Listening, tlsFiles } from './listening.ts';
import { type HostAndPort, origin, port } from './network-settings.ts';

const consoleSchema = schema
  .pick({
    DATABASE_URL: true,
    HASH_SECRET: true,
    ENCRYPTION_KEYS: true,
    TEMPORAL_UI_URL: true,
    TRUSTED_PROXIES: true,
    AUTH_FAILURES_BURST: true,
    AUTH_FAILURES_PER_SECOND: true,
    METRICS_ADDRESS: true,
    METRICS_CACHE_MS: true,
    LOG_LEVEL: true,
    LOG_FORMAT: true,
  })
  .extend({
    CONSOLE_HOST: z.string().min(1).default('127.0.0.1'),
    CONSOLE_PORT: port.default(8235),
    /** The URL under which operators reach the console, for login links. */
    CONSOLE_URL: origin.optional(),
    CONSOLE_TLS_CERT_FILE: z.string().min(1).optional(),
    CONSOLE_TLS_KEY_FILE: z.string().min(1).optional(),
  })
  .refine(...requiredBy('CONSOLE_TLS_KEY_FILE', 'CONSOLE_TLS_CERT_FILE'))
  .refine(...requiredBy('CONSOLE_TLS_CERT_FILE', 'CONSOLE_TLS_KEY_FILE'));

/** The configuration of the operators' console. */
export interface ConsoleConfig extends Listening {
  readonly databaseUrl: string;
  readonly encryptionKeys: KeyRing;
  /** The URL under which operators reach the console, without a slash at the end. */
  readonly url: string;
  readonly temporalUiUrl: string;
  /** Where it serves its metrics; undefined: nowhere. */
  readonly metricsAddress: HostAndPort | undefined;
  readonly metricsCacheMs: number;
  readonly log: Config['log'];
}

/**
 * Parses the configuration that only the console has, in the same way as `parseConfig`.
 *
 * @throws {ConfigError} a variable is missing or malformed; the message names every such variable.
 */
export function parseConsoleConfig(env: Environment): ConsoleConfig {
  const value = parse(consoleSchema, env);
  const tls = tlsFiles('CONSOLE_', value.CONSOLE_TLS_CERT_FILE, value.CONSOLE_TLS_KEY_FILE);
  const { CONSOLE_HOST: host, CONSOLE_PORT: number } = value;
  const own = `${tls === undefined ? 'http' : 'https'}://${host}:${number}`;
  return {
    databaseUrl: value.DATABASE_URL,
    encryptionKeys: value.ENCRYPTION_KEYS,
    ...{ host, port: number, tls },
    ...callersOf(value),
    url: value.CONSOLE_URL ?? own,
    temporalUiUrl: value.TEMPORAL_UI_URL.replace(/\/+$/, ''),
    metricsAddress: value.METRICS_ADDRESS,
    metricsCacheMs: value.METRICS_CACHE_MS,
    log: { level: value.LOG_LEVEL, format: value.LOG_FORMAT },
  };
}
