import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SealBrokenError } from '../../src/keys/aead.ts';
import type { KeyProvider } from '../../src/keys/key-provider.ts';
import { KeyMissingError } from '../../src/keys/key-ring.ts';

const CONTEXT = 'data-key/organization-1/key-1';

/** A provider under test. */
export interface ProviderToTest {
  readonly provider: KeyProvider;
  /** The id of a master key that the provider does not have. */
  readonly unknownKeyId: string;
  /** The first byte of a wrapped key that is authenticated; all bytes are when this is absent. */
  readonly boundFrom?: (wrapped: Buffer) => number;
}

/** The tests that every {@link KeyProvider} must pass. @param place returns the provider once it runs. */
export function testKeyProvider(name: string, place: () => ProviderToTest): void {
  describe(name, () => {
    it('unwraps a wrapped key, and wraps the same key differently each time', async () => {
      const { provider } = place();
      const dataKey = randomBytes(32);
      const first = await provider.wrap(dataKey, CONTEXT);
      const second = await provider.wrap(dataKey, CONTEXT);
      expect(first.masterKeyId).toBe(provider.keyIds[0]);
      expect(first.wrapped.equals(second.wrapped)).toBe(false);
      expect((await provider.unwrap(first, CONTEXT)).equals(dataKey)).toBe(true);
      expect((await provider.unwrap(second, CONTEXT)).equals(dataKey)).toBe(true);
    });

    it.each([
      ['another organization', 'data-key/organization-2/key-1'],
      ['another key', 'data-key/organization-1/key-2'],
      ['a longer one', `${CONTEXT}0`],
      ['a shorter one', CONTEXT.slice(0, -1)],
    ])('does not unwrap with another context: %s', async (_, context) => {
      const { provider } = place();
      const wrapped = await provider.wrap(randomBytes(32), CONTEXT);
      await expect(provider.unwrap(wrapped, context)).rejects.toBeInstanceOf(SealBrokenError);
    });

    it('does not unwrap a key that was changed in any byte, truncated or extended', async () => {
      const { provider, boundFrom = () => 0 } = place();
      const { masterKeyId, wrapped } = await provider.wrap(randomBytes(32), CONTEXT);
      const altered = [wrapped.subarray(0, -1), Buffer.concat([wrapped, Buffer.alloc(1)])];
      for (let at = boundFrom(wrapped); at < wrapped.length; at += 1) {
        const copy = Buffer.from(wrapped);
        copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8));
        altered.push(copy);
      }
      // 32 bytes of the key, and its authentication tag.
      expect(altered.length).toBeGreaterThan(2 + 32 + 16);
      for (const each of altered) {
        const unwrapping = provider.unwrap({ masterKeyId, wrapped: each }, CONTEXT);
        await expect(unwrapping).rejects.toBeInstanceOf(SealBrokenError);
      }
    });

    it('names a missing master key', async () => {
      const { provider, unknownKeyId } = place();
      const { wrapped } = await provider.wrap(randomBytes(32), CONTEXT);
      const unwrapping = provider.unwrap({ masterKeyId: unknownKeyId, wrapped }, CONTEXT);
      await expect(unwrapping).rejects.toBeInstanceOf(KeyMissingError);
      await expect(unwrapping).rejects.toMatchObject({
        keyId: unknownKeyId,
        code: `ENCRYPTION_KEY_MISSING ${unknownKeyId}`,
        message: expect.stringContaining(unknownKeyId) as string,
      });
    });

    it('does not reveal a data key in its wrapped form', async () => {
      const { provider } = place();
      for (let n = 0; n < 20; n += 1) {
        const dataKey = randomBytes(32);
        const { wrapped } = await provider.wrap(dataKey, CONTEXT);
        for (let at = 0; at + 4 <= dataKey.length; at += 4) {
          expect(wrapped.includes(dataKey.subarray(at, at + 4))).toBe(false);
        }
      }
    });
  });
}
