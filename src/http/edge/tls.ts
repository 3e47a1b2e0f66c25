import { readFileSync } from 'node:fs';
import type http from 'node:http';
import type https from 'node:https';
import type { FastifyInstance } from 'fastify';
import { runPeriodically } from '../../lib/run-periodically.ts';
import { codeOf } from '../../lib/safe-error.ts';
import type { Log } from '../../process/log.ts';
import { readPair, type TlsFiles } from '../../process/tls-files.ts';

/** A client that does not end its handshake in this time holds a connection for nothing. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How soon a renewed certificate is served. */
const RENEW_EVERY_MS = 30_000;

/**
 * The options that make Fastify serve HTTPS by the files, and plain HTTP without any. TLS 1.2 is the
 * least; the ciphers are Node's.
 *
 * @param options of the server in both cases.
 * @throws {ConfigError} as {@link readPair}.
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
  const rounds = runPeriodically({
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
