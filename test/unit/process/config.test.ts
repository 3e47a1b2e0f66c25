import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCodecServerConfig } from '../../../src/process/codec-server-config.ts';
import {
  ConfigError,
  type Environment,
  parseConfig,
  parseOperatorConfig,
} from '../../../src/process/config.ts';

const required = {
  DATABASE_URL: 'postgres://rx@127.0.0.1:5432/rx_orders',
  HASH_SECRET: 'sixteen characters or more',
  DOCUMENTS_DIR: 'documents',
  ENCRYPTION_KEYS: `2026-11:${Buffer.alloc(32, 7).toString('base64')}`,
};

const kmsKey = (region: string, n: number) =>
  `arn:aws:kms:${region}:111122223333:key/0000000${n}-0000-4000-8000-000000000000`;

function faultOf(env: Environment): string {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('parseConfig', () => {
  it('requires only the database, the hash secret, the encryption keys and the documents folder', () => {
    expect(parseConfig(required)).toMatchObject({
      database: { url: required.DATABASE_URL, poolSize: 10 },
      temporal: { address: '127.0.0.1:7233', namespace: 'default', taskQueue: 'orders' },
      http: { host: '127.0.0.1', port: 3000 },
      hashSecret: required.HASH_SECRET,
      documents: { folder: required.DOCUMENTS_DIR },
      pharmacy: { timeoutMs: 10_000, pollInitialMs: 30_000, pollMaxMs: 3_600_000 },
      log: { level: 'info', format: 'auto' },
    });
  });

  it('names every missing variable at once', () => {
    const fault = faultOf({});
    for (const name of Object.keys(required)) expect(fault).toContain(`${name} is required`);
  });

  it('keeps rows for ever by default, and names the rule that a retention time breaks', () => {
    const days = { deliveriesDays: 30, eventsDays: 30, inboxDays: 90, auditDays: 90 };
    const set = {
      RETENTION_DELIVERIES_DAYS: '30',
      RETENTION_EVENTS_DAYS: '30',
      RETENTION_INBOX_DAYS: '90',
      RETENTION_AUDIT_DAYS: '90',
    };
    expect(Object.values(parseConfig(required).retention)).toEqual(Array(4).fill(undefined));
    expect(parseConfig({ ...required, ...set }).retention).toEqual(days);
    const rule = 'RETENTION_EVENTS_DAYS: must be at least RETENTION_DELIVERIES_DAYS';
    expect(faultOf({ ...required, ...set, RETENTION_EVENTS_DAYS: '29' })).toContain(rule);
    expect(faultOf({ ...required, ...set, RETENTION_DELIVERIES_DAYS: '' })).toContain(rule);
    const fault = faultOf({ ...required, RETENTION_INBOX_DAYS: '6', RETENTION_AUDIT_DAYS: '29' });
    expect(fault).toMatch(/RETENTION_INBOX_DAYS: .*7/);
    expect(fault).toMatch(/RETENTION_AUDIT_DAYS: .*30/);
    const schedule = { WEBHOOK_RETRY_SCHEDULE_MS: Array(10).fill('86400000').join(',') };
    const short = { RETENTION_DELIVERIES_DAYS: '10' };
    expect(faultOf({ ...required, ...schedule, ...short })).toContain(
      'RETENTION_DELIVERIES_DAYS: must be a day longer than all delays of WEBHOOK_RETRY_SCHEDULE_MS together',
    );
    parseConfig({ ...required, ...schedule, RETENTION_DELIVERIES_DAYS: '11' });
  });

  it('treats an empty variable as unset', () => {
    expect(parseConfig({ ...required, PORT: '', LOG_LEVEL: '' })).toEqual(parseConfig(required));
    expect(faultOf({ ...required, DOCUMENTS_DIR: '' })).toContain('DOCUMENTS_DIR is required');
  });

  it('accepts a bucket instead of the folder, or in addition to it', () => {
    const bucket = { ...required, DOCUMENTS_S3_BUCKET: 'prescriptions' };
    const found = {
      bucket: 'prescriptions',
      endpoint: undefined,
      region: 'us-east-1',
      credentials: undefined,
    };
    expect(parseConfig(bucket).documents).toEqual(found);
    expect(parseConfig({ ...bucket, DOCUMENTS_DIR: '' }).documents).toEqual(found);
    const elsewhere = {
      DOCUMENTS_S3_ENDPOINT: 'https://s3.example.com',
      DOCUMENTS_S3_REGION: 'eu-central-1',
      DOCUMENTS_S3_ACCESS_KEY_ID: 'id',
      DOCUMENTS_S3_SECRET_ACCESS_KEY: 'secret',
    };
    expect(parseConfig({ ...bucket, ...elsewhere }).documents).toEqual({
      bucket: 'prescriptions',
      endpoint: 'https://s3.example.com',
      region: 'eu-central-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    });
  });

  it('rejects incomplete credentials of a bucket, and an endpoint that is not a URL', () => {
    const bucket = { ...required, DOCUMENTS_S3_BUCKET: 'prescriptions' };
    expect(faultOf({ ...bucket, DOCUMENTS_S3_ACCESS_KEY_ID: 'id' })).toContain(
      'DOCUMENTS_S3_SECRET_ACCESS_KEY is required',
    );
    expect(faultOf({ ...bucket, DOCUMENTS_S3_SECRET_ACCESS_KEY: 'secret' })).toContain(
      'DOCUMENTS_S3_ACCESS_KEY_ID is required',
    );
    expect(faultOf({ ...bucket, DOCUMENTS_S3_ENDPOINT: 's3.example.com' })).toContain(
      'DOCUMENTS_S3_ENDPOINT: ',
    );
  });

  it('accepts a KMS key in addition to the key ring, or KMS keys that only unwrap', () => {
    const [key, old] = [kmsKey('eu-west-2', 1), kmsKey('us-gov-west-1', 2)];
    expect(parseConfig(required).kms).toBeUndefined();
    expect(parseConfig({ ...required, KMS_KEY_ID: key }).kms).toEqual({
      ...{ keyIds: [key], wraps: true, endpoint: undefined, credentials: undefined },
    });
    const elsewhere = {
      KMS_OLD_KEY_IDS: `${old},${key}`,
      KMS_ENDPOINT: 'https://kms.example.com',
      KMS_ACCESS_KEY_ID: 'id',
      KMS_SECRET_ACCESS_KEY: 'secret',
    };
    const kms = {
      keyIds: [old, key],
      wraps: false,
      endpoint: 'https://kms.example.com',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    };
    expect(parseConfig({ ...required, ...elsewhere }).kms).toEqual(kms);
    expect(parseOperatorConfig(elsewhere).kms).toEqual(kms);
    const third = kmsKey('eu-west-2', 3);
    const all = parseConfig({ ...required, ...elsewhere, KMS_KEY_ID: third }).kms;
    expect(all).toEqual({ ...kms, keyIds: [third, old, key], wraps: true });
  });

  it.each([
    'alias/rx-orders',
    'arn:aws:kms:eu-west-2:111122223333:alias/rx-orders',
    '2a5e92d0-9ab6-4a5e-92d0-9ab64a5e92d0',
    `${kmsKey('eu-west-2', 1)} `,
  ])('rejects %s, which is not the ARN of a key, without repeating it', (name) => {
    for (const variable of ['KMS_KEY_ID', 'KMS_OLD_KEY_IDS']) {
      const fault = faultOf({ ...required, [variable]: name });
      expect(fault).toContain('must be the ARN of a KMS key');
      expect(fault).toContain(variable);
      expect(fault).not.toContain(name);
    }
  });

  it('rejects incomplete credentials of a KMS, for the server and for rx', () => {
    const half = { KMS_KEY_ID: kmsKey('eu-west-2', 1), KMS_ACCESS_KEY_ID: 'id' };
    expect(faultOf({ ...required, ...half })).toContain('KMS_SECRET_ACCESS_KEY is required');
    expect(() => parseOperatorConfig(half)).toThrow('KMS_SECRET_ACCESS_KEY is required');
    const otherHalf = { KMS_SECRET_ACCESS_KEY: 'secret' };
    expect(() => parseOperatorConfig(otherHalf)).toThrow('KMS_ACCESS_KEY_ID is required');
  });

  it('requires certificate and key together, and then uses https in the public URL', () => {
    const tls = { ...required, TLS_CERT_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem' };
    expect(parseConfig(tls).http).toMatchObject({
      tls: { prefix: '', certFile: 'cert.pem', keyFile: 'key.pem' },
      publicUrl: 'https://127.0.0.1:3000',
    });
    expect(parseConfig({ ...tls, PUBLIC_URL: 'https://rx.example.com' }).http.publicUrl).toBe(
      'https://rx.example.com',
    );
    expect(faultOf({ ...tls, TLS_KEY_FILE: '' })).toContain('TLS_KEY_FILE is required');
    expect(faultOf({ ...tls, TLS_CERT_FILE: '' })).toContain('TLS_CERT_FILE is required');
    const codec = {
      ENCRYPTION_KEYS: required.ENCRYPTION_KEYS,
      CODEC_SERVER_TOKEN: 'sixteen characters',
    };
    const files = { CODEC_TLS_CERT_FILE: 'cert.pem', CODEC_TLS_KEY_FILE: 'key.pem' };
    expect(parseCodecServerConfig({ ...codec, ...files }).tls?.prefix).toBe('CODEC_');
    expect(() => parseCodecServerConfig({ ...codec, CODEC_TLS_KEY_FILE: 'key.pem' })).toThrow(
      'CODEC_TLS_CERT_FILE is required',
    );
  });

  it('trusts only the configured proxies, given as addresses and ranges', () => {
    const proxiesOf = (TRUSTED_PROXIES: string) =>
      parseConfig({ ...required, TRUSTED_PROXIES }).http.trustedProxies;
    expect(proxiesOf('')).toEqual([]);
    expect(proxiesOf('10.0.0.0/8, 192.0.2.1,2001:db8::/32,::1')).toEqual([
      '10.0.0.0/8',
      '192.0.2.1',
      '2001:db8::/32',
      '::1',
    ]);
    for (const wrong of [
      'all',
      'loopback',
      '10.0.0.0/33',
      '0.0.0.0/0',
      '::/0',
      '10.0.0.1,',
      '1.2.3',
    ]) {
      expect(faultOf({ ...required, TRUSTED_PROXIES: wrong })).toContain(
        'TRUSTED_PROXIES: must be a comma-separated list of addresses or CIDR ranges',
      );
    }
  });

  it('ignores unknown variables', () => {
    expect(parseConfig({ ...required, PATH: 'x', UNRELATED: 'y' })).toEqual(parseConfig(required));
  });

  it('parses numbers, and rejects values that are not numbers or out of range', () => {
    expect(parseConfig({ ...required, PORT: '8080' }).http.port).toBe(8080);
    for (const PORT of ['0', '65536', '80.5', '-1', 'eighty', ' ']) {
      expect(faultOf({ ...required, PORT })).toMatch(/PORT: /);
    }
    for (const POLL_INITIAL_MS of ['0', '-5', '1.5', 'soon']) {
      expect(faultOf({ ...required, POLL_INITIAL_MS })).toMatch(/POLL_INITIAL_MS: /);
    }
  });

  it('rejects a hash secret that is too short, without repeating it', () => {
    const fault = faultOf({ ...required, HASH_SECRET: 'tooshort-secret' });
    expect(fault).toContain('HASH_SECRET: must be at least 16 characters');
    expect(fault).not.toContain('tooshort');
  });

  it.each([
    ['HASH_SECRET', 'abc', 'must be at least 16 characters'],
    ['HASH_SECRET', 'ab'.repeat(30), 'the secret repeats a few characters'],
    ['DOCUMENT_LINK_SECRETS', 'abc', 'must be at least 16 characters'],
    ['DOCUMENT_LINK_SECRETS', 'sixteen characters or more,abc', 'must be at least 16 characters'],
    ['DOCUMENT_LINK_SECRETS', 'x'.repeat(64), 'the secret repeats a few characters'],
  ])('rejects %s=%s, which can be guessed', (name, value, rule) => {
    const fault = faultOf({ ...required, [name]: value });
    expect(fault).toContain(`${name}: `);
    expect(fault).toContain(rule);
    expect(fault).not.toContain(value);
  });

  it('rejects a token of the codec server that can be guessed', () => {
    const { ENCRYPTION_KEYS } = required;
    for (const CODEC_SERVER_TOKEN of ['abc', 'x'.repeat(64)]) {
      expect(() => parseCodecServerConfig({ ENCRYPTION_KEYS, CODEC_SERVER_TOKEN })).toThrow(
        'CODEC_SERVER_TOKEN: ',
      );
    }
  });

  it('lets the Temporal UI read payloads without a login on a single machine only', () => {
    const { ENCRYPTION_KEYS } = required;
    const env = { ENCRYPTION_KEYS, CODEC_SERVER_TOKEN: 'sixteen characters' };
    expect(parseCodecServerConfig(env).login).toBe('required');
    const open = { ...env, CODEC_LOGIN: 'none' };
    expect(parseCodecServerConfig(open).login).toBe('none');
    for (const wrong of [
      { CODEC_HOST: '0.0.0.0' },
      { CODEC_HOST: '::' },
      { CODEC_HOST: '192.0.2.1' },
      { TEMPORAL_UI_URL: 'https://temporal.example.com' },
      { TRUSTED_PROXIES: '127.0.0.1' },
      { CODEC_LOGIN: 'never' },
    ]) {
      expect(() => parseCodecServerConfig({ ...open, ...wrong })).toThrow('CODEC_LOGIN: ');
    }
  });

  it('signs links to documents with their own keys, or else with the hash secret', () => {
    expect(parseConfig(required).documentLinkSecrets).toEqual([required.HASH_SECRET]);
    const DOCUMENT_LINK_SECRETS = 'the new key of the links,the old key of the links';
    expect(parseConfig({ ...required, DOCUMENT_LINK_SECRETS }).documentLinkSecrets).toEqual([
      'the new key of the links',
      'the old key of the links',
    ]);
  });

  it('names each invalid variable and never its value', () => {
    const names = ['PORT', 'TEMPORAL_UI_URL', 'LOG_LEVEL', 'LOG_FORMAT', 'RETRY_MAX_MS'] as const;
    fc.assert(
      fc.property(fc.uuid(), fc.subarray([...names], { minLength: 1 }), (value, wrong) => {
        const env = { ...required, ...Object.fromEntries(wrong.map((name) => [name, value])) };
        const fault = faultOf(env);
        expect(fault).not.toContain(value);
        for (const name of names) expect(fault.includes(`${name}: `)).toBe(wrong.includes(name));
      }),
    );
  });

  it('is pure: the same environment gives the same result and is not changed', () => {
    const env = Object.freeze({ ...required, PORT: '4000' });
    expect(parseConfig(env)).toEqual(parseConfig(env));
  });
});
