import { readFileSync } from 'node:fs';
import type http from 'node:http';
import type https from 'node:https';
import type { FastifyInstance } from 'fastify';
import { runPeriodically } from '../../lib/run-periodically.ts';
import { codeOf } from '../../lib/safe-error.ts';
import type { Log } from '../../process/log.ts';
import { readPair, type TlsFiles } from '../../process/tls-files.ts';

/** A client that has not finished its handshake by then loses the connection. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How often the certificate files are read for a renewed certificate. */
const RENEW_EVERY_MS = 30_000;

/**
 * Returns the options that make Fastify serve HTTPS with these files, or plain HTTP without files. TLS
 * 1.2 is the lowest version; the ciphers are Node's defaults.
 *
 * @param options server options for both cases.
 * @throws {ConfigError} the files cannot be used; see {@link readPair}.
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
  // Fastify's types keep the two kinds of server apart, but an HTTPS server has the whole HTTP API.
  return { https: secure } as unknown as { http: http.ServerOptions };
}

/**
 * Serves a certificate that was renewed on disk, without a restart. Open connections keep the old one.
 * The function polls the files, because file system notifications do not reach every kind of mount.
 * Files that cannot be used change nothing, and the log reports them once.
 *
 * @param everyMs time between two reads, in milliseconds.
 */
export function renewCertificate(
  app: FastifyInstance,
  files: TlsFiles,
  log: Log,
  everyMs: number = RENEW_EVERY_MS,
): void {
  const server = app.server as unknown as https.Server;
  let seen = contentOf(files);
  const rounds = runPeriodically({
    everyMs,
    round: async () => {
      const now = contentOf(files);
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

/** A text that changes when one of the files changes. */
function contentOf({ certFile, keyFile }: TlsFiles): string {
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
