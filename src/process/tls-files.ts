import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError } from './config-schema.ts';

/** The paths of a server's certificate and key. */
export interface TlsFiles {
  /** PEM: the certificate, followed by its chain. */
  readonly certFile: string;
  /** PEM, without a passphrase. */
  readonly keyFile: string;
  /** The prefix of the two variables' names, `<prefix>TLS_CERT_FILE` and `<prefix>TLS_KEY_FILE`. */
  readonly prefix: '' | 'CODEC_' | 'CONSOLE_';
}

/** A certificate and its key, in PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** Thrown for files that no server can use. The message names a variable, never the content of a file. */
class TlsFileError extends ConfigError {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Reads the certificate and its key, and verifies that a TLS server can use them.
 *
 * @throws {ConfigError} a file cannot be read or is not PEM, or the key does not belong to the
 *   certificate. The error has a `code`.
 */
export function readPair({ certFile, keyFile, prefix }: TlsFiles): Pair {
  const certName = `${prefix}TLS_CERT_FILE`;
  const keyName = `${prefix}TLS_KEY_FILE`;
  const pair = { cert: read(certFile, certName), key: read(keyFile, keyName) };
  const certificate = parsed(
    () => new X509Certificate(pair.cert),
    'TLS_CERTIFICATE_MALFORMED',
    `${certName} names a file that holds no certificate in PEM`,
  );
  const key = parsed(
    () => createPrivateKey(pair.key),
    'TLS_KEY_MALFORMED',
    `${keyName} names a file that holds no private key in PEM without a passphrase`,
  );
  if (!certificate.checkPrivateKey(key)) {
    throw new TlsFileError('TLS_KEY_MISMATCH', `${keyName} is not the key of ${certName}`);
  }
  // Validates the rest of the chain, and applies the rules of the system's OpenSSL, such as key lengths.
  parsed(
    () => createSecureContext(pair),
    'TLS_CERTIFICATE_REFUSED',
    `${certName} names a file whose certificates cannot be served`,
  );
  return pair;
}

function read(file: string, name: string): string {
  return parsed(
    () => readFileSync(file, 'utf8'),
    'TLS_FILE_UNREADABLE',
    `${name} names a file that cannot be read`,
  );
}

function parsed<T>(parse: () => T, code: string, message: string): T {
  try {
    return parse();
  } catch {
    throw new TlsFileError(code, message);
  }
}
