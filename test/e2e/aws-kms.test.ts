import { randomBytes } from 'node:crypto';
import {
  CancelKeyDeletionCommand,
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SealBrokenError } from '../../src/keys/aead.ts';
import {
  type AwsKmsSettings,
  createAwsKmsKeyProvider,
} from '../../src/keys/aws-kms-key-provider.ts';
import { createKeyProvider } from '../../src/keys/create-key-provider.ts';
import { type KeyProvider, KeyServiceError } from '../../src/keys/key-provider.ts';
import { KeyMissingError, parseKeyRing } from '../../src/keys/key-ring.ts';
import { testKeyProvider } from '../support/key-provider-contract.ts';
import { type KmsServer, startLocalKms } from '../support/local-kms.ts';
import { ENCRYPTION_KEYS } from '../support/organization.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const CONTEXT = 'data-key/organization-1/key-1';
const ring = parseKeyRing(ENCRYPTION_KEYS);

/**
 * AWS authenticates every byte. This server does not authenticate the prefix, which is the length and the
 * name of the key. The caller names the key anyway.
 */
const boundFrom = (wrapped: Buffer) => 1 + wrapped.readUInt8(0);

let server: KmsServer;
let client: KMSClient;
let settings: AwsKmsSettings;
let provider: KeyProvider;
beforeAll(async () => {
  server = await startLocalKms();
  const { url: endpoint, region, credentials } = server;
  client = new KMSClient({ endpoint, region, credentials });
  settings = { keyIds: [await createKey(), await createKey()], endpoint, credentials };
  provider = createAwsKmsKeyProvider(settings);
});
afterAll(async () => {
  client?.destroy();
  await server?.close();
});

async function createKey(): Promise<string> {
  const { KeyMetadata } = await client.send(new CreateKeyCommand({}));
  return KeyMetadata?.Arn ?? '';
}

testKeyProvider('AWS KMS', () => ({
  provider,
  unknownKeyId: `${settings.keyIds[0].slice(0, -1)}_`,
  boundFrom,
}));

testKeyProvider('key provider that wraps by AWS KMS', () => ({
  provider: createKeyProvider({ encryptionKeys: ring, kms: { ...settings, wraps: true } }),
  unknownKeyId: 'lost-1',
  boundFrom,
}));

describe('AWS KMS', () => {
  it('unwraps with an old key, but only with the key that the row names', async () => {
    const [active, old = ''] = settings.keyIds;
    const dataKey = randomBytes(32);
    const before = createAwsKmsKeyProvider({ ...settings, keyIds: [old] });
    const wrapped = await before.wrap(dataKey, CONTEXT);
    expect((await provider.unwrap(wrapped, CONTEXT)).equals(dataKey)).toBe(true);
    const moved = provider.unwrap({ ...wrapped, masterKeyId: active }, CONTEXT);
    await expect(moved).rejects.toBeInstanceOf(SealBrokenError);
  });

  it.each([
    [
      'does not exist',
      'NotFoundException',
      async (arn: string) => `${arn.slice(0, -12)}000000000000`,
    ],
    [
      'is disabled',
      'DisabledException',
      async (KeyId: string) => {
        await client.send(new DisableKeyCommand({ KeyId }));
        return KeyId;
      },
    ],
    [
      'is to be deleted',
      'KMSInvalidStateException',
      async (KeyId: string) => {
        await client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
        return KeyId;
      },
    ],
  ])('reports a key that %s', async (_, says, spoil) => {
    const usable = await createKey();
    const wrapped = await createAwsKmsKeyProvider({ ...settings, keyIds: [usable] }).wrap(
      randomBytes(32),
      CONTEXT,
    );
    const keyId = await spoil(usable);
    const spoilt = createAwsKmsKeyProvider({ ...settings, keyIds: [keyId] });
    const error = new KeyMissingError(keyId, `AWS KMS says ${says}`);
    await expect(spoilt.wrap(randomBytes(32), CONTEXT)).rejects.toEqual(error);
    await expect(spoilt.unwrap({ ...wrapped, masterKeyId: keyId }, CONTEXT)).rejects.toEqual(error);
  });

  it('unwraps again after a key was enabled, or its deletion was cancelled', async () => {
    const keyId = await createKey();
    const own = createAwsKmsKeyProvider({ ...settings, keyIds: [keyId] });
    const wrapped = await own.wrap(randomBytes(32), CONTEXT);
    await client.send(new ScheduleKeyDeletionCommand({ KeyId: keyId, PendingWindowInDays: 7 }));
    await expect(own.unwrap(wrapped, CONTEXT)).rejects.toBeInstanceOf(KeyMissingError);
    await client.send(new CancelKeyDeletionCommand({ KeyId: keyId }));
    await client.send(new EnableKeyCommand({ KeyId: keyId }));
    expect(await own.unwrap(wrapped, CONTEXT)).toHaveLength(32);
  });
});

describe('an unreachable AWS KMS', () => {
  let proxy: TcpProxy;
  let unreachable: KeyProvider;
  beforeAll(async () => {
    proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
    unreachable = createAwsKmsKeyProvider({
      ...settings,
      endpoint: `http://127.0.0.1:${proxy.port}`,
    });
  });
  afterAll(() => proxy?.close());

  it('is distinguished from a missing key, and works again when it is back', async () => {
    const wrapped = await unreachable.wrap(randomBytes(32), CONTEXT);
    await proxy.refuse();
    const error = new KeyServiceError('ECONNREFUSED');
    await expect(unreachable.wrap(randomBytes(32), CONTEXT)).rejects.toEqual(error);
    await expect(unreachable.unwrap(wrapped, CONTEXT)).rejects.toEqual(error);
    await proxy.restore();
    expect(await unreachable.unwrap(wrapped, CONTEXT)).toHaveLength(32);
  });

  it('fails within the time limit of a call', async () => {
    proxy.freeze();
    const start = performance.now();
    const error = await unreachable
      .wrap(randomBytes(32), CONTEXT)
      .catch((reason: unknown) => reason);
    expect(performance.now() - start).toBeLessThan(1_900);
    expect(error).toBeInstanceOf(KeyServiceError);
    await proxy.restore();
    expect((await unreachable.wrap(randomBytes(32), CONTEXT)).masterKeyId).toBe(settings.keyIds[0]);
  });
});
