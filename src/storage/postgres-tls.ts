import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import tls from 'node:tls';
import { ConfigError } from '../process/config-schema.ts';

/** What the library (3.4.9) is given of an address of Postgres. */
interface Address {
  readonly url: string;
  readonly ssl?: tls.ConnectionOptions;
}

/**
 * Makes `sslmode=verify-full` do in the library what it does in Postgres' own (its documentation, 32.19):
 * the certificate is checked by `sslrootcert`, or else by Node's authorities and `NODE_EXTRA_CA_CERTS`, and
 * against the host, also where that is an IP address, which the library would hold for `localhost`.
 * `verify-ca` is the same here. Other modes are the library's: `require` encrypts and checks nothing,
 * `prefer` does not even insist on that.
 *
 * @param url `postgres://…`
 * @throws {ConfigError} `sslrootcert` cannot be read, or stands with a mode that checks nothing.
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
  // To the library it is a setting of the session, which Postgres refuses.
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

/** Empty where there are several hosts. */
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
