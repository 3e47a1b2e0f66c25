import { z } from 'zod';
import type { KeyRing } from '../keys/key-ring.ts';
import { isLocalHost } from '../lib/local-host.ts';
import type { Config } from './config.ts';
import { type Environment, parse, requiredBy, schema, secret } from './config-schema.ts';
import { callersOf, type Listening, tlsFiles } from './listening.ts';
import { type HostAndPort, port } from './network-settings.ts';

const codecServerSchema = schema
  .pick({
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
    /** The password of the codec server; it gives access to the decrypted payloads of workflows. */
    CODEC_SERVER_TOKEN: secret,
    CODEC_HOST: z.string().min(1).default('127.0.0.1'),
    CODEC_PORT: port.default(8234),
    CODEC_TLS_CERT_FILE: z.string().min(1).optional(),
    CODEC_TLS_KEY_FILE: z.string().min(1).optional(),
    /** `none`, which the sandbox sets: the Temporal UI on this machine needs no login. */
    CODEC_LOGIN: z.enum(['required', 'none']).default('required'),
  })
  .refine(
    ({ CODEC_LOGIN, CODEC_HOST, TEMPORAL_UI_URL, TRUSTED_PROXIES }) =>
      CODEC_LOGIN === 'required' ||
      (TRUSTED_PROXIES.length === 0 &&
        isLocalHost(CODEC_HOST) &&
        isLocalHost(new URL(TEMPORAL_UI_URL).hostname)),
    {
      path: ['CODEC_LOGIN'],
      message:
        'none needs a CODEC_HOST and a TEMPORAL_UI_URL on this machine, and no TRUSTED_PROXIES',
    },
  )
  .refine(...requiredBy('CODEC_TLS_KEY_FILE', 'CODEC_TLS_CERT_FILE'))
  .refine(...requiredBy('CODEC_TLS_CERT_FILE', 'CODEC_TLS_KEY_FILE'));

/** The configuration of the codec server. */
export interface CodecServerConfig extends Listening {
  readonly encryptionKeys: KeyRing;
  readonly token: string;
  readonly uiUrl: string;
  /** Whether pages of the Temporal UI have to log in; `none` is possible on a single machine only. */
  readonly login: 'required' | 'none';
  /** Where it serves its metrics; undefined: nowhere. */
  readonly metricsAddress: HostAndPort | undefined;
  readonly metricsCacheMs: number;
  readonly log: Config['log'];
}

/**
 * Parses the configuration of the codec server, in the same way as `parseConfig`.
 *
 * @throws {ConfigError} a variable is missing or malformed; the message names every such variable.
 */
export function parseCodecServerConfig(env: Environment): CodecServerConfig {
  const value = parse(codecServerSchema, env);
  return {
    encryptionKeys: value.ENCRYPTION_KEYS,
    token: value.CODEC_SERVER_TOKEN,
    host: value.CODEC_HOST,
    port: value.CODEC_PORT,
    tls: tlsFiles('CODEC_', value.CODEC_TLS_CERT_FILE, value.CODEC_TLS_KEY_FILE),
    ...callersOf(value),
    uiUrl: value.TEMPORAL_UI_URL,
    metricsAddress: value.METRICS_ADDRESS,
    metricsCacheMs: value.METRICS_CACHE_MS,
    login: value.CODEC_LOGIN,
    log: { level: value.LOG_LEVEL, format: value.LOG_FORMAT },
  };
}
