import { describe, expect, it } from 'vitest';
import {
  KeyMissingError,
  KeyRingError,
  keyOf,
  parseKeyRing,
  ringFor,
} from '../../../src/keys/key-ring.ts';

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');

describe('a key ring', () => {
  it('lists the active key first, and finds the others', () => {
    const ring = parseKeyRing(`2026-11:${key(1)}, 2026-05:${key(2)}`);
    expect(ring.map(({ id }) => id)).toEqual(['2026-11', '2026-05']);
    expect(keyOf(ring, '2026-05')).toEqual(Buffer.alloc(32, 2));
  });

  it('names a missing key in the error', () => {
    const get = () => keyOf(parseKeyRing(`2026-11:${key(1)}`), '2026-05');
    expect(get).toThrow(KeyMissingError);
    expect(get).toThrow(/encryption key 2026-05 is unavailable/);
  });

  it.each([
    ['', /must be id:key/],
    ['2026-11', /must be id:key/],
    [`:${key(1)}`, /must be id:key/],
    [`a b:${key(1)}`, /must be id:key/],
    [`2026-11:${Buffer.alloc(31).toString('base64')}`, /32 bytes/],
    [`2026-11:${key(1)},`, /must be id:key/],
    [`2026-11:${key(1)},2026-11:${key(2)}`, /two keys with the id 2026-11/],
  ])('refuses %j, and does not quote it', (text, rule) => {
    expect(() => parseKeyRing(text)).toThrow(KeyRingError);
    expect(() => parseKeyRing(text)).toThrow(rule);
    try {
      parseKeyRing(text);
    } catch (error) {
      expect((error as Error).message).not.toContain(key(1));
    }
  });

  it('derives different keys with the same ids for each purpose', () => {
    const ring = parseKeyRing(`2026-11:${key(1)},2026-05:${key(2)}`);
    const payloads = ringFor('temporal-payloads', ring);
    const data = ringFor('data-keys', ring);
    expect(payloads.map(({ id }) => id)).toEqual(ring.map(({ id }) => id));
    const all = [...ring, ...payloads, ...data].map((each) => each.key.toString('hex'));
    expect(new Set(all).size).toBe(6);
    expect(ringFor('data-keys', ring)).toEqual(data);
  });
});
