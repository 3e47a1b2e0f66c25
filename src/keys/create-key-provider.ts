import type { AwsKmsSettings } from './aws-kms-key-provider.ts';
import type { KeyProvider } from './key-provider.ts';
import { KeyMissingError, type KeyRing } from './key-ring.ts';
import { KMS_KEY_ARN } from './kms-key-arn.ts';
import { createLocalKeyProvider } from './local-key-provider.ts';

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
  const service = kms === undefined ? NO_KMS : loadKms(kms);
  const inOrder = kms?.wraps ? ([service, ring] as const) : ([ring, service] as const);
  return {
    keyIds: inOrder.flatMap(({ keyIds }) => keyIds),
    wrap: inOrder[0].wrap,
    unwrap: (wrapped, context) =>
      (KMS_KEY_ARN.test(wrapped.masterKeyId) ? service : ring).unwrap(wrapped, context),
  };
}

const NO_KMS: KeyProvider = {
  keyIds: [],
  wrap: () => Promise.reject(new Error('no KMS')),
  unwrap: ({ masterKeyId }) =>
    Promise.reject(new KeyMissingError(masterKeyId, 'name it in KMS_OLD_KEY_IDS')),
};

/** Only here: the SDK takes as long to load as all the rest. At once: no order is to wait for it. */
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
