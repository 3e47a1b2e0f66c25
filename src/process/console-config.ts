import { z } from 'zod';
import type { KeyRing } from '../keys/key-ring.ts';
import { isLocalHost } from '../lib/local-host.ts';
import type { Config } from './config.ts';
import { type Environment, parse, requiredBy, schema, secret } from './config-schema.ts';
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
    /** The OpenID Connect provider through which operators log in. */
    CONSOLE_OIDC_ISSUER: z
      .url({ protocol: /^https?$/ })
      .refine(
        (url) => url.startsWith('https:') || isLocalHost(new URL(url).hostname),
        'must be https, because the provider decides who is an operator',
      )
      .optional(),
    CONSOLE_OIDC_CLIENT_ID: z.string().min(1).optional(),
    CONSOLE_OIDC_CLIENT_SECRET: secret.optional(),
    CONSOLE_OIDC_SCOPE: z
      .string()
      .refine((text) => text.split(' ').includes('openid'), 'must contain openid')
      .default('openid profile email'),
    CONSOLE_OIDC_NAME_CLAIM: z.string().min(1).default('email'),
    CONSOLE_OIDC_ROLES_CLAIM: z.string().min(1).default('roles'),
    CONSOLE_OIDC_ROLE_PREFIX: z.string().default(''),
  })
  .refine(...requiredBy('CONSOLE_OIDC_CLIENT_ID', 'CONSOLE_OIDC_ISSUER'))
  .refine(...requiredBy('CONSOLE_OIDC_CLIENT_SECRET', 'CONSOLE_OIDC_ISSUER'))
  .refine(...requiredBy('CONSOLE_OIDC_ISSUER', 'CONSOLE_OIDC_CLIENT_ID'))
  .refine(...requiredBy('CONSOLE_TLS_KEY_FILE', 'CONSOLE_TLS_CERT_FILE'))
  .refine(...requiredBy('CONSOLE_TLS_CERT_FILE', 'CONSOLE_TLS_KEY_FILE'));

/** How operators log in through an OpenID Connect provider. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The scopes that the console asks for, separated by spaces. */
  readonly scope: string;
  /** The claim of the ID token with the operator's name, for the timeline and the audit log. */
  readonly nameClaim: string;
  /** The claim with the roles of the account, or a path to it. */
  readonly rolesClaim: string;
  /** What stands before a role of the console in that claim. */
  readonly rolePrefix: string;
}

/** The configuration of the operators' console. */
export interface ConsoleConfig extends Listening {
  readonly databaseUrl: string;
  readonly encryptionKeys: KeyRing;
  /** The URL under which operators reach the console, without a slash at the end. */
  readonly url: string;
  readonly temporalUiUrl: string;
  /** undefined: operators log in by links only. */
  readonly oidc: OidcSettings | undefined;
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
    oidc: oidcOf(value),
    temporalUiUrl: value.TEMPORAL_UI_URL.replace(/\/+$/, ''),
    metricsAddress: value.METRICS_ADDRESS,
    metricsCacheMs: value.METRICS_CACHE_MS,
    log: { level: value.LOG_LEVEL, format: value.LOG_FORMAT },
  };
}

function oidcOf(value: z.output<typeof consoleSchema>): OidcSettings | undefined {
  const { CONSOLE_OIDC_ISSUER: issuer, CONSOLE_OIDC_CLIENT_ID: clientId } = value;
  const { CONSOLE_OIDC_CLIENT_SECRET: clientSecret } = value;
  if (issuer === undefined || clientId === undefined || clientSecret === undefined)
    return undefined;
  return {
    ...{ issuer, clientId, clientSecret, scope: value.CONSOLE_OIDC_SCOPE },
    nameClaim: value.CONSOLE_OIDC_NAME_CLAIM,
    rolesClaim: value.CONSOLE_OIDC_ROLES_CLAIM,
    rolePrefix: value.CONSOLE_OIDC_ROLE_PREFIX,
  };
}
