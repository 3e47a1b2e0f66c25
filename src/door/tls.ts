import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type http from 'node:http';
import type https from 'node:https';
import { createSecureContext } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { ConfigError } from '../config-schema.ts';
import type { Log } from '../log.ts';
import { startRounds } from '../rounds.ts';
import { codeOf } from '../safe-error.ts';

/** A client that does not end its handshake in this time holds a connection for nothing. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How soon a renewed certificate is served. */
const RENEW_EVERY_MS = 30_000;

/** Where a server finds its certificate. */
export interface TlsFiles {
  /** PEM: the certificate, then those up to the root. */
  readonly certFile: string;
  /** PEM, without a passphrase. */
  readonly keyFile: string;
  /** What stands before `TLS_CERT_FILE` and `TLS_KEY_FILE` in the names of the two variables. */
  readonly prefix: '' | 'CODEC_';
}

/** The certificate and its key, in PEM. */
interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** A pair of files that no server can use; the message names a variable, never what is in a file. */
export class TlsFileError extends ConfigError {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The options that make Fastify serve HTTPS by the files, and plain HTTP without any. TLS 1.2 is the
 * least; the ciphers are Node's.
 *
 * @param options of the server in both cases.
 * @throws {TlsFileError} a file cannot be read or is no PEM, or the key is another certificate's.
 */
export function serverOptions(
  options: http.ServerOptions,
  files: TlsFiles | undefined,
): { readonly http: http.ServerOptions } {
  if (files === undefined) return { http: options };
  const secure: https.ServerOptions = {
    ...options,
    ...readPair(files),
    minVersion: 'TLSv1.2',
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  };
  // Fastify's types tell the two kinds of server apart; one for HTTPS can all that the other can.
  return { https: secure } as unknown as { http: http.ServerOptions };
}

/**
 * Serves a certificate that was renewed on disk, without a restart: connections that are open keep the
 * old one. The files are read again and again, as no notice of the system comes through every kind of
 * mount. What cannot be used changes nothing, and is told in the log once.
 *
 * @param everyMs from one reading to the next, in milliseconds.
 */
export function renewCertificate(
  app: FastifyInstance,
  files: TlsFiles,
  log: Log,
  everyMs: number = RENEW_EVERY_MS,
): void {
  const server = app.server as unknown as https.Server;
  let seen = seenOf(files);
  const rounds = startRounds({
    everyMs,
    round: async () => {
      const now = seenOf(files);
      if (now === seen) return false;
      seen = now;
      server.setSecureContext({ ...readPair(files), minVersion: 'TLSv1.2' });
      log.info('serving the renewed certificate');
      return false;
    },
    onError: (error) => {
      log.warn('the renewed certificate cannot be used; serving the old one', {
        code: codeOf(error),
      });
    },
  });
  app.addHook('onClose', () => rounds.stop());
}

/** What tells one state of the files from another. */
function seenOf({ certFile, keyFile }: TlsFiles): string {
  return [certFile, keyFile]
    .map((file) => {
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return '';
      }
    })
    .join('\0');
}

function readPair({ certFile, keyFile, prefix }: TlsFiles): Pair {
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
  // The rest of the chain, and what the system's OpenSSL refuses, such as keys that are too short.
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
