import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT } from '../../sandbox/folders.ts';
import { pickFreePorts } from '../../sandbox/ports.ts';
import type { Environment } from '../../src/process/config.ts';
import type { Shell } from '../deployment/shell.ts';
import { testEnvironment } from '../support/environment.ts';
import { type Certificates, makeCertificates } from './certificates.ts';

const PORTS = [
  ...['proxy', 'server1', 'server2', 'codec', 'simulator', 'postgres', 'bucket'],
  ...['metrics1', 'metrics2', 'metrics3', 'metrics4', 'metrics5'],
  ...['frontend', 'history', 'matching', 'worker', 'temporalMetrics'],
  ...['frontendMembers', 'historyMembers', 'matchingMembers', 'workerMembers'],
] as const;

/** A port of the {@link Site}. */
type PortName = (typeof PORTS)[number];

/** The name of a secret's file, as `scripts/make-secrets.sh` writes it. */
type SecretName =
  | 'hash_secret'
  | 'encryption_keys'
  | 'codec_server_token'
  | 'postgres_password'
  | 'temporal_database_password'
  | `${'owner' | 'server' | 'worker' | 'operator'}_database_url`;

/** What the processes of a deployment share: a folder, ports, secrets and certificates. */
export interface Site {
  readonly folder: string;
  readonly ports: Readonly<Record<PortName, number>>;
  readonly certificates: Certificates;
  /** The URL at which clients reach the proxy. */
  readonly baseUrl: string;
  /** The URL of the database `postgres` for the superuser. */
  readonly superuserUrl: string;
  /** The credentials of the bucket. */
  readonly s3: { readonly accessKeyId: string; readonly secretAccessKey: string };
  secretFile(name: SecretName): string;
  secret(name: SecretName): string;
  /** The environment of a program with the role of this name in Postgres. */
  environment(role: 'owner' | 'server' | 'worker' | 'operator'): Environment;
}

/** The bucket of documents. */
export const BUCKET = 'documents';

/**
 * Makes the secrets and certificates of a deployment.
 *
 * @param folder an existing, empty folder.
 */
export async function prepareSite(shell: Shell, folder: string): Promise<Site> {
  // Postgres and nginx run as other accounts. What is secret has a folder of its own.
  await chmod(folder, 0o755);
  const secretsDir = path.join(folder, 'secrets');
  await shell('sh', [path.join(PROJECT, 'scripts/make-secrets.sh'), secretsDir]);
  const numbers = await pickFreePorts(PORTS.length);
  const ports = Object.fromEntries(
    PORTS.map((name, index) => [name, numbers[index]]),
  ) as Site['ports'];

  // The URLs name compose's Postgres: "then edit the host", docs/deployment.md.
  const values = new Map<string, string>();
  const files = ['hash_secret', 'encryption_keys', 'codec_server_token', 'postgres_password'];
  const roles = ['owner', 'server', 'worker', 'operator'].map((role) => `${role}_database_url`);
  for (const name of [...files, 'temporal_database_password', ...roles]) {
    const file = path.join(secretsDir, name);
    const text = (await readFile(file, 'utf8')).trim();
    const value = text.replace('@postgres:5432/', `@127.0.0.1:${ports.postgres}/`);
    values.set(name, value);
    if (value === text) continue;
    await chmod(file, 0o600);
    await writeFile(file, `${value}\n`);
  }
  const s3 = { accessKeyId: 'access-of-the-test', secretAccessKey: 'secret-of-the-test' };
  const inApp = (name: string) => path.join(secretsDir, 'app', name);
  await writeFile(inApp('s3_access_key_id'), s3.accessKeyId);
  await writeFile(inApp('s3_secret_access_key'), s3.secretAccessKey);
  const certificates = await makeCertificates(shell, path.join(secretsDir, 'app'));
  await mkdir(path.join(folder, 'logs'));

  const secret = (name: string) => values.get(name) ?? '';
  const secretFile = (name: string) => path.join(secretsDir, name);
  return {
    folder,
    ports,
    certificates,
    s3,
    baseUrl: `http://127.0.0.1:${ports.proxy}`,
    superuserUrl: `postgres://postgres:${secret('postgres_password')}@127.0.0.1:${ports.postgres}/postgres`,
    secret,
    secretFile,
    environment: (role) => ({
      ...testEnvironment(),
      NODE_ENV: 'production',
      DATABASE_URL_FILE: secretFile(`${role}_database_url`),
      HASH_SECRET_FILE: secretFile('hash_secret'),
      ENCRYPTION_KEYS_FILE: secretFile('encryption_keys'),
      TEMPORAL_ADDRESS: `127.0.0.1:${ports.frontend}`,
      TEMPORAL_NAMESPACE: 'orders',
      TEMPORAL_TLS: 'true',
      TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.authority,
      TEMPORAL_TLS_CLIENT_CERT_PATH: certificates.client.cert,
      TEMPORAL_TLS_CLIENT_KEY_PATH: certificates.client.key,
      DOCUMENTS_S3_BUCKET: BUCKET,
      DOCUMENTS_S3_ENDPOINT: `http://127.0.0.1:${ports.bucket}`,
      DOCUMENTS_S3_ACCESS_KEY_ID_FILE: inApp('s3_access_key_id'),
      DOCUMENTS_S3_SECRET_ACCESS_KEY_FILE: inApp('s3_secret_access_key'),
    }),
  };
}
