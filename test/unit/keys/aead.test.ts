import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { open, SealBrokenError, seal } from '../../../src/keys/aead.ts';

const key = randomBytes(32);

describe('sealed bytes', () => {
  it('open only in the context that they were sealed for', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), fc.string(), (plain, a, b) => {
        const sealed = seal(key, a, plain);
        expect(open(key, a, sealed)).toEqual(Buffer.from(plain));
        if (a !== b) expect(() => open(key, b, sealed)).toThrow(SealBrokenError);
      }),
    );
  });

  it('do not open if any bit was flipped', () => {
    const sealed = seal(key, 'here', Buffer.from('twelve bytes'));
    for (let bit = 0; bit < sealed.byteLength * 8; bit += 1) {
      const altered = Buffer.from(sealed);
      altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => open(key, 'here', altered)).toThrow(SealBrokenError);
    }
  });

  it('do not open if they were truncated, or with another key', () => {
    const sealed = seal(key, 'here', Buffer.from('twelve bytes'));
    for (let length = 0; length < sealed.byteLength; length += 1) {
      expect(() => open(key, 'here', sealed.subarray(0, length))).toThrow(SealBrokenError);
    }
    expect(() => open(randomBytes(32), 'here', sealed)).toThrow(SealBrokenError);
  });

  it('differ every time', () => {
    const once = () => seal(key, 'here', Buffer.from('twelve bytes')).toString('hex');
    expect(once()).not.toBe(once());
  });
});
