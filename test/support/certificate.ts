import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TlsFiles } from '../../src/process/tls-files.ts';

/** A self-signed certificate and its key, in temporary files. */
export interface TestCertificate extends TlsFiles {
  /** The certificate in PEM, which is also the trust anchor of clients. */
  readonly cert: string;
  readonly key: string;
  remove(): void;
}

/** Creates a certificate with the system's openssl, for this machine and the given names. */
export function makeCertificate(
  names = 'DNS:localhost,IP:127.0.0.1',
  prefix: TlsFiles['prefix'] = '',
): TestCertificate {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rx-tls-'));
  const [certFile, keyFile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const subject = ['-days', '2', '-subj', '/CN=test', '-addext', `subjectAltName=${names}`];
  execFileSync('openssl', [...args, ...subject, '-keyout', keyFile, '-out', certFile], {
    stdio: 'ignore',
  });
  return {
    certFile,
    keyFile,
    prefix,
    cert: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Replaces the files of one certificate with those of another. */
export function replace({ certFile, keyFile }: TlsFiles, by: { cert: string; key: string }): void {
  writeFileSync(certFile, by.cert);
  writeFileSync(keyFile, by.key);
}
