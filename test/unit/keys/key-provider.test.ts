import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  createKeyProvider,
  createLocalKeyProvider,
} from '../../../src/keys/create-key-provider.ts';
import { KeyMissingError, parseKeyRing } from '../../../src/keys/key-ring.ts';
import { testKeyProvider } from '../../support/key-provider-contract.ts';

const ARN = 'arn:aws:kms:eu-west-2:111122223333:key/2a5e92d0-9ab6-4a5e-92d0-9ab64a5e92d0';
const OTHER_ARN = ARN.replace('eu-west-2', 'eu-west-1');
const entry = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const ring = parseKeyRing(`${entry('2026-11')},${entry('2026-05')}`);
const kms = { endpoint: undefined, credentials: undefined };

testKeyProvider('local key provider', () => ({
  provider: createLocalKeyProvider(ring),
  unknownKeyId: '2025-11',
}));

testKeyProvider('key provider without a KMS', () => ({
  provider: createKeyProvider({ encryptionKeys: ring, kms: undefined }),
  unknownKeyId: ARN,
}));

testKeyProvider('key provider that has left its KMS', () => ({
  provider: createKeyProvider({
    encryptionKeys: ring,
    kms: { ...kms, keyIds: [ARN], wraps: false },
  }),
  // A row in Postgres must not make us call a key that is not configured.
  unknownKeyId: OTHER_ARN,
}));

it('unwraps with an older key of the ring while KMS wraps', async () => {
  const [, old] = ring;
  if (old === undefined) throw new Error('the ring has two keys');
  const dataKey = randomBytes(32);
  const wrapped = await createLocalKeyProvider([old]).wrap(dataKey, 'here');
  const provider = createKeyProvider({
    encryptionKeys: ring,
    kms: { ...kms, keyIds: [ARN], wraps: true },
  });
  expect(provider.keyIds).toEqual([ARN, '2026-11', '2026-05']);
  expect((await provider.unwrap(wrapped, 'here')).equals(dataKey)).toBe(true);
});

it('names the setting that a missing KMS key belongs in', async () => {
  const provider = createKeyProvider({ encryptionKeys: ring, kms: undefined });
  const unwrapping = provider.unwrap({ masterKeyId: ARN, wrapped: randomBytes(60) }, 'here');
  await expect(unwrapping).rejects.toEqual(new KeyMissingError(ARN, 'add it to KMS_OLD_KEY_IDS'));
});
