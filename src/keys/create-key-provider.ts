import { open, seal } from './aead.ts';
import type { AwsKmsSettings } from './aws-kms-key-provider.ts';
import type { KeyProvider } from './key-provider.ts';
import { KeyMissingError, type KeyRing, keyOf, ringFor } from './key-ring.ts';
import { KMS_KEY_ARN, KMS_KEY_UNKNOWN } from './kms-key-arn.ts';

/** Keys in AWS KMS, beside the ring. */
export interface KmsSettings extends AwsKmsSettings {
  /** Whether its first key wraps; otherwise the ring's does, and KMS only opens what it has wrapped. */
  readonly wraps: boolean;
}

/**
 * Makes the provider that the configuration names. Who wrapped a data key opens it, so that an
 * installation can move from the ring to KMS, from key to key there, and back.
 */
export function createKeyProvider({
  encryptionKeys,
  kms,
}: {
  readonly encryptionKeys: KeyRing;
  /** undefined: the ring has all master keys. */
  readonly kms: KmsSettings | undefined;
}): KeyProvider {
  const ring = createLocalKeyProvider(encryptionKeys);
  const service = kms && loadKms(kms);
  const wrapsByKms = service !== undefined && kms?.wraps === true;
  const [first, second] = wrapsByKms ? ([service, ring] as const) : ([ring, service] as const);
  return {
    keyIds: [...first.keyIds, ...(second?.keyIds ?? [])],
    wrap: first.wrap,
    unwrap: async (wrapped, context) => {
      const { masterKeyId } = wrapped;
      if (!KMS_KEY_ARN.test(masterKeyId)) return await ring.unwrap(wrapped, context);
      if (service === undefined) throw new KeyMissingError(masterKeyId, KMS_KEY_UNKNOWN);
      return await service.unwrap(wrapped, context);
    },
  };
}

/** The SDK is loaded only here: it takes its time. And at once: no order is to wait for it. */
function loadKms(settings: KmsSettings): KeyProvider {
  const loading = import('./aws-kms-key-provider.ts').then(({ createAwsKmsKeyProvider }) =>
    createAwsKmsKeyProvider(settings),
  );
  return {
    keyIds: settings.keyIds,
    wrap: async (...args) => await (await loading).wrap(...args),
    unwrap: async (...args) => await (await loading).unwrap(...args),
  };
}

/** Master keys of a ring in this process's memory, from `ENCRYPTION_KEYS`. */
export function createLocalKeyProvider(ring: KeyRing): KeyProvider {
  const keys = ringFor('data-keys', ring);
  const [active] = keys;
  return {
    keyIds: keys.map(({ id }) => id),
    wrap: (dataKey, context) =>
      Promise.resolve({ masterKeyId: active.id, wrapped: seal(active.key, context, dataKey) }),
    // Async, so that what it throws is a rejection.
    unwrap: async ({ masterKeyId, wrapped }, context) =>
      open(keyOf(keys, masterKeyId), context, wrapped),
  };
}
