import { expect, test } from 'vitest';
import { urlOfRole } from '../../../sandbox/database-url.ts';
import { portsFrom } from '../../../sandbox/ports.ts';
import { requireNoDatabase, stackSettings } from '../../../sandbox/stack-settings.ts';
import { parseCodecServerConfig } from '../../../src/process/codec-server-config.ts';
import { parseConfig } from '../../../src/process/config.ts';

const secrets = {
  postgresPassword: 'p'.repeat(24),
  hashSecret: 'hash-secret-of-a-sandbox',
  codecToken: 'codec-token-of-a-sandbox',
  encryptionKeys: `1:${'k'.repeat(43)}=`,
};

function settings(env: Record<string, string>) {
  return stackSettings({ env, ports: portsFrom({}), dataDir: '/data', secrets });
}

test('returns complete configurations of server and worker', () => {
  const { env, workerEnv, databaseUrl } = settings({});
  expect(databaseUrl).toBe(
    `postgres://rx_orders:${secrets.postgresPassword}@127.0.0.1:54329/rx_orders`,
  );
  const config = parseConfig(env);
  expect(config).toMatchObject({
    database: { url: urlOfRole(databaseUrl, 'server') },
    temporal: { address: '127.0.0.1:7233', uiUrl: 'http://127.0.0.1:8233' },
    http: { host: '127.0.0.1', port: 3000 },
    documents: { folder: '/data/documents' },
    pharmacy: { pollInitialMs: 5_000, timeoutMs: 2_000, retryInitialMs: 250, retryMaxMs: 5_000 },
  });
  expect(parseConfig(workerEnv)).toEqual({
    ...config,
    database: { ...config.database, url: urlOfRole(databaseUrl, 'worker') },
    // The worker has a port of its own for its metrics.
    http: { ...config.http, metricsAddress: { host: '127.0.0.1', port: 9464 } },
  });
});

test('sends webhooks to this machine only, whatever the user’s destinations are', () => {
  const { webhooks } = parseConfig(settings({ WEBHOOK_DESTINATIONS: 'public' }).env);
  expect(webhooks.destinations).toBe('loopback');
});

test('keeps the times that the user set', () => {
  const { pharmacy } = parseConfig(settings({ POLL_INITIAL_MS: '700', RETRY_MAX_MS: '' }).env);
  expect([pharmacy.pollInitialMs, pharmacy.retryMaxMs]).toEqual([700, 5_000]);
});

test('stays on 127.0.0.1 whatever the user’s HOST is', () => {
  expect(settings({ HOST: '0.0.0.0' }).env).toMatchObject({
    HOST: '127.0.0.1',
    SIMULATOR_HOST: '127.0.0.1',
  });
});

test('uses the Temporal server of TEMPORAL_ADDRESS, with the user’s credentials for it', () => {
  const { foreignTemporal, temporalAddress, env } = settings({
    TEMPORAL_ADDRESS: 'temporal.example.com:7233',
    TEMPORAL_API_KEY: 'key',
  });
  expect({ foreignTemporal, temporalAddress }).toEqual({
    foreignTemporal: true,
    temporalAddress: 'temporal.example.com:7233',
  });
  expect(env.TEMPORAL_API_KEY).toBe('key');
});

test('does not send a cluster’s API key to the development server', () => {
  const { env } = settings({ TEMPORAL_API_KEY: 'key', TEMPORAL_NAMESPACE: 'mine' });
  expect(env.TEMPORAL_API_KEY).toBeUndefined();
  expect(env.TEMPORAL_NAMESPACE).toBe('mine');
});

test('keeps documents in its own folder, whatever the user’s bucket is', () => {
  const { env } = settings({ DOCUMENTS_S3_BUCKET: 'prescriptions', DOCUMENTS_S3_REGION: 'x' });
  expect(parseConfig(env).documents).toEqual({ folder: '/data/documents' });
});

test('wraps its data keys itself, whatever the user’s KMS is', () => {
  const { env } = settings({
    KMS_KEY_ID: 'arn:aws:kms:eu-west-2:111122223333:key/00000001-0000-4000-8000-000000000000',
    KMS_ENDPOINT: 'https://kms.example.com',
  });
  expect(parseConfig(env).kms).toBeUndefined();
});

test('uses plain HTTP on this machine, whatever certificate the user configured', () => {
  const files = { TLS_CERT_FILE: '/c.pem', TLS_KEY_FILE: '/k.pem' };
  const { env } = settings({
    ...files,
    CODEC_TLS_CERT_FILE: '/c.pem',
    CODEC_TLS_KEY_FILE: '/k.pem',
  });
  expect(parseConfig(env).http).toMatchObject({
    tls: undefined,
    publicUrl: 'http://127.0.0.1:3000',
  });
  expect(parseCodecServerConfig(env).tls).toBeUndefined();
});

test('shows payloads in the Temporal UI without a login, as long as only the sandbox has the keys', () => {
  const loginFor = (env: Record<string, string>) => parseCodecServerConfig(settings(env).env).login;
  expect(loginFor({})).toBe('none');
  expect(loginFor({ TEMPORAL_ADDRESS: '127.0.0.1:7233' })).toBe('none');
  for (const env of [
    { ENCRYPTION_KEYS: secrets.encryptionKeys },
    { TEMPORAL_ADDRESS: 'x:7233', TEMPORAL_UI_URL: 'https://temporal.example.com' },
    { TRUSTED_PROXIES: '10.0.0.1' },
    { CODEC_LOGIN: 'required' },
  ]) {
    expect(loginFor(env)).toBe('required');
  }
});

test('refuses to run when DATABASE_URL is set', () => {
  expect(() => requireNoDatabase({ DATABASE_URL: 'postgres://127.0.0.1/real' })).toThrow(
    /^DATABASE_URL is set/,
  );
  expect(() => requireNoDatabase({ DATABASE_URL: '' })).not.toThrow();
});
