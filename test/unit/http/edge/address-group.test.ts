import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressGroup } from '../../../../src/http/edge/address-group.ts';

const word = fc.integer({ min: 0, max: 0xffff });
const words = (length: number) => fc.array(word, { minLength: length, maxLength: length });
const written = (all: readonly number[]) => all.map((each) => each.toString(16)).join(':');

describe('addressGroup', () => {
  it('groups the addresses of one IPv6 /64, and no others', () => {
    const network = words(4).filter((all) => all.some((each) => each > 0));
    fc.assert(
      fc.property(network, network, words(4), words(4), (one, other, host, neighbour) => {
        const group = addressGroup(written([...one, ...host]));
        expect(addressGroup(written([...one, ...neighbour]))).toBe(group);
        expect(addressGroup(written([...other, ...host])) === group).toBe(
          written(one) === written(other),
        );
      }),
    );
  });

  it('keeps each IPv4 address in its own group, in every spelling', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        for (const text of [
          address,
          `::ffff:${address}`,
          `::FFFF:${hex}`,
          `0:0:0:0:0:ffff:${hex}`,
        ]) {
          expect(addressGroup(text)).toBe(address);
        }
      }),
    );
  });

  it('gives all spellings of an address the same group', () => {
    const spellings = ['2001:db8::1', '2001:DB8:0:0:0:0:0:1', '2001:0db8::', '2001:db8::1%eth0'];
    expect(new Set(spellings.map(addressGroup))).toEqual(new Set(['2001:db8:0:0::/64']));
    expect(addressGroup('::1')).toBe('0:0:0:0::/64');
  });

  it('returns a short text even for input that is not an address', () => {
    expect(addressGroup(undefined)).toBe('unknown');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV6()), (text) => {
        expect(addressGroup(text).length).toBeLessThanOrEqual(24);
      }),
    );
  });
});
