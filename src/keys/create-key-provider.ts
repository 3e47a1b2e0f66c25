import { open, seal } from './aead.ts';
import type { AwsKmsSettings } from './aws-kms-key-provider.ts';
import type { KeyProvider } from './key-provider.ts';
import { KeyMissingError, type KeyRing, keyOf, ringFor } from './key-ring.ts';
import { KMS_KEY_ARN, KMS_KEY_UNKNOWN } from './kms-key-arn.ts';

/** Settings of AWS KMS in addition to the key ring. */
export interface KmsSettings extends AwsKmsSettings {
  /** Whether the first KMS key wraps new data keys; if not, the ring's does, and KMS only unwraps. */
  readonly wraps: boolean;
}

/**
 * Creates the key provider that the configuration names. Each data key is unwrapped by the provider
 * that wrapped it, so that a deployment can move from the key ring to KMS, between KMS keys, and back.
 */
export function createKeyProvider({
  encryptionKeys,
  kms,
}: {
  readonly encryptionKeys: KeyRing;
  /** undefined: all master keys are in the ring. */
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

/** Loads the AWS SDK, which is slow, only if KMS is used; and at once, so that no order waits for it. */
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

/** Creates a provider of the master keys of a ring in memory, which come from `ENCRYPTION_KEYS`. */
export function createLocalKeyProvider(ring: KeyRing): KeyProvider {
  const keys = ringFor('data-keys', ring);
  const [active] = keys;
  return {
    keyIds: keys.map(({ id }) => id),
    wrap: (dataKey, context) =>
      Promise.resolve({ masterKeyId: active.id, wrapped: seal(active.key, context, dataKey) }),
    // Async, so that errors become rejections.
    unwrap: async ({ masterKeyId, wrapped }, context) =>
      open(keyOf(keys, masterKeyId), context, wrapped),
  };
}
