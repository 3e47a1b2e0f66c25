import type { z } from 'zod';
import type { schema } from './config-schema.ts';
import type { HostAndPort } from './network-settings.ts';
import type { TlsFiles } from './tls-files.ts';

/** Where a server listens, and how it treats clients that are not authenticated. */
export interface Listening extends HostAndPort {
  /** undefined: plain HTTP. */
  readonly tls: TlsFiles | undefined;
  /** Addresses and CIDR ranges. */
  readonly trustedProxies: readonly string[];
  /** Failed authentication attempts that one address may make. */
  readonly failureLimits: { readonly burst: number; readonly perSecond: number };
}

/** Returns the files of a certificate and its key; undefined unless both are configured. */
export function tlsFiles(
  prefix: TlsFiles['prefix'],
  certFile: string | undefined,
  keyFile: string | undefined,
): TlsFiles | undefined {
  return certFile === undefined || keyFile === undefined
    ? undefined
    : { prefix, certFile, keyFile };
}

/** Returns the settings that concern clients which are not authenticated yet. */
export function callersOf(
  value: Pick<
    z.infer<typeof schema>,
    'TRUSTED_PROXIES' | 'AUTH_FAILURES_BURST' | 'AUTH_FAILURES_PER_SECOND'
  >,
): Pick<Listening, 'trustedProxies' | 'failureLimits'> {
  return {
    trustedProxies: value.TRUSTED_PROXIES,
    failureLimits: {
      burst: value.AUTH_FAILURES_BURST,
      perSecond: value.AUTH_FAILURES_PER_SECOND,
    },
  };
}
