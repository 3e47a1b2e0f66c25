import { open, seal } from './aead.ts';
import type { KeyProvider } from './key-provider.ts';
import { type KeyRing, keyOf, ringFor } from './key-ring.ts';

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
