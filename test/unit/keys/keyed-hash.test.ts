import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedHash, sameHash, trackingNumberHash } from '../../../src/keys/keyed-hash.ts';

describe('keyedHash', () => {
  it('gives the same 32 bytes for the same input', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (secret, text) => {
        const hash = keyedHash(secret, 'api-key', text);
        expect(hash).toHaveLength(32);
        expect(sameHash(hash, keyedHash(secret, 'api-key', text))).toBe(true);
      }),
    );
  });

  it('gives different hashes for different texts', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        fc.pre(a !== b);
        const [one, other] = [keyedHash('s', 'api-key', a), keyedHash('s', 'api-key', b)];
        expect(sameHash(one, other)).toBe(false);
      }),
    );
  });

  it('depends on the secret and on the purpose', () => {
    const hash = keyedHash('secret-1', 'api-key', 'text');
    expect(sameHash(hash, keyedHash('secret-2', 'api-key', 'text'))).toBe(false);
    expect(sameHash(hash, keyedHash('secret-1', 'fingerprint', 'text'))).toBe(false);
  });

  it('differs from a plain hash, which needs no secret', () => {
    const plain = createHash('sha256').update('api-key\0text').digest();
    expect(sameHash(keyedHash('secret', 'api-key', 'text'), plain)).toBe(false);
  });
});

describe('trackingNumberHash', () => {
  it('is the same however people type the number', () => {
    const hash = trackingNumberHash('secret', '1Z999AA10123456784');
    const typed = trackingNumberHash('secret', ' 1z 999 aa1 01 2345 6784\t');
    expect(sameHash(hash, typed)).toBe(true);
    expect(sameHash(hash, trackingNumberHash('secret', '1Z999AA10123456785'))).toBe(false);
    expect(sameHash(hash, trackingNumberHash('other', '1Z999AA10123456784'))).toBe(false);
  });
});

describe('sameHash', () => {
  it('is false, and does not throw, for hashes of different length', () => {
    expect(sameHash(Buffer.alloc(32), Buffer.alloc(31))).toBe(false);
    expect(sameHash(Buffer.alloc(32), Buffer.alloc(0))).toBe(false);
  });

  it('is false after a change of one bit', () => {
    const bit = fc.tuple(fc.nat({ max: 31 }), fc.nat({ max: 7 }));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), bit, (hash, [at, shift]) => {
        const changed = Uint8Array.from(hash, (byte, i) => (i === at ? byte ^ (1 << shift) : byte));
        expect(sameHash(hash, changed)).toBe(false);
      }),
    );
  });
});
