import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import tls from 'node:tls';
import { brokenRule } from '../egress/address-rules.ts';
import { ConfigError } from '../process/config-schema.ts';
import type { Log } from '../process/log.ts';

/** An address of Postgres in the form that the library (3.4.9) takes. */
interface Address {
  readonly url: string;
  readonly ssl?: tls.ConnectionOptions;
}

/**
 * Makes `sslmode=verify-full` mean in the library what it means in libpq (Postgres documentation,
 * 32.19). The certificate must be signed by `sslrootcert`, or else by an authority of Node or of
 * `NODE_EXTRA_CA_CERTS`, and must be valid for the host. The library would check an IP address as
 * `localhost`; this function checks the address itself. `verify-ca` works the same here. The library
 * handles the other modes: `require` encrypts without any check, `prefer` may not even encrypt.
 *
 * @param url `postgres://…`
 * @throws {ConfigError} `sslrootcert` cannot be read, or the mode does not check certificates.
 */
export function postgresTls(url: string): Address {
  const [base = '', query] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  const mode = parameters.get('sslmode') ?? parameters.get('ssl') ?? '';
  const root = parameters.get('sslrootcert');
  if (mode !== 'verify-full' && mode !== 'verify-ca') {
    if (root === null) return { url };
    throw new ConfigError('DATABASE_URL: sslrootcert needs sslmode=verify-full');
  }
  // The library would send them as settings of the session, which Postgres refuses.
  for (const name of ['sslmode', 'ssl', 'sslrootcert']) parameters.delete(name);
  const host = hostOf(base);
  return {
    url: parameters.size === 0 ? base : `${base}?${parameters.toString()}`,
    ssl: {
      rejectUnauthorized: true,
      ...(root === null || root === 'system' ? {} : { ca: readRoot(root) }),
      ...(isIP(host) === 0
        ? {}
        : {
            checkServerIdentity: (_name, certificate) => tls.checkServerIdentity(host, certificate),
          }),
    },
  };
}

/** Returns the host of an address; empty if the address names several hosts. */
function hostOf(base: string): string {
  const [, host = ''] =
    /^[^/]*\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:,/]*)(?::\d*)?(?:\/|$)/.exec(base) ?? [];
  return host.replace(/^\[|\]$/g, '');
}

function readRoot(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ConfigError('DATABASE_URL: sslrootcert names a file that cannot be read');
  }
}

/** Modes of the library that encrypt nothing, or only if the server offers it. */
const MAY_BE_PLAIN = ['', 'disable', 'false', 'allow', 'prefer'];

/** What operators read when {@link isPlaintext} is true. */
export const PLAINTEXT_WARNING =
  'the connection to Postgres may not be encrypted: add sslmode=verify-full to DATABASE_URL';

/**
 * Whether patient data and the password may cross a network in clear text: the address names another
 * machine, and its `sslmode` does not enforce encryption. Loopback addresses and Unix sockets are local.
 */
export function isPlaintext(url: string): boolean {
  const [base = '', query] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  const mode = parameters.get('sslmode') ?? parameters.get('ssl') ?? '';
  if (!MAY_BE_PLAIN.includes(mode)) return false;
  const [, authority = ''] = /^[^/]*\/\/(?:[^/]*@)?([^/]*)/.exec(base) ?? [];
  return authority.split(',').some((each) => {
    const [, v6, name = ''] = /^(?:\[([^\]]*)\]|([^:]*))/.exec(each) ?? [];
    const host = (v6 ?? decodeURIComponent(name)).toLowerCase();
    const isLocal = host === '' || host.startsWith('/') || /(^|\.)localhost$/.test(host);
    return !isLocal && brokenRule(host, { sandbox: true }) !== undefined;
  });
}

/** Logs a warning, once at the start of a program, if {@link isPlaintext}. */
export function warnAboutPlaintext(url: string, log: Log): void {
  if (isPlaintext(url)) log.warn(PLAINTEXT_WARNING, { code: 'DATABASE_NOT_ENCRYPTED' });
}
