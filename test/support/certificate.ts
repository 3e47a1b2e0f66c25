import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TlsFiles } from '../../src/process/tls-files.ts';

/** A certificate that vouches for itself, and its key, in files of their own. */
export interface TestCertificate extends TlsFiles {
  /** In PEM; also what a client trusts it by. */
  readonly cert: string;
  readonly key: string;
  remove(): void;
}

/** Makes one with the system's openssl, for this machine and for the names that are given. */
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

/** Puts another certificate in the place of one. */
export function replace({ certFile, keyFile }: TlsFiles, by: { cert: string; key: string }): void {
  writeFileSync(certFile, by.cert);
  writeFileSync(keyFile, by.key);
}
