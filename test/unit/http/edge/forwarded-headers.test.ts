import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanForwarded } from '../../../../src/http/edge/forwarded-headers.ts';

function cleaned(value: string): string | undefined {
  const headers = { 'x-forwarded-for': value };
  cleanForwarded(headers);
  return headers['x-forwarded-for'];
}

describe('cleanForwarded', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1, 198.51.100.2', '192.0.2.1, 198.51.100.2'],
    ['192.0.2.1:4711 ,[2001:db8::1]:80', '192.0.2.1, 2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['text, 192.0.2.1', '192.0.2.1'],
    ['192.0.2.9, text, 192.0.2.1', '192.0.2.1'],
    ['192.0.2.9,, 192.0.2.1', '192.0.2.1'],
    ['192.0.2.1, text', undefined],
    ['fe80::1%eth0', undefined],
    ['unknown', undefined],
    ['', undefined],
  ])('reduces %j to %j', (value, kept) => {
    expect(cleaned(value)).toBe(kept);
  });

  it('keeps nothing but addresses, whatever the client sent', () => {
    const hop = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(fc.array(hop), (hops) => {
        expect(cleaned(hops.join(',')) ?? '').toMatch(/^[\da-fA-F:., ]*$/);
      }),
    );
  });

  it.each([
    ['https', 'https'],
    ['http, https', 'https'],
    ['https, http', 'http'],
    ['https,', undefined],
    ['javascript', undefined],
  ])('keeps of the scheme %j only %j, when the server wants it', (value, kept) => {
    const headers = { 'x-forwarded-proto': value };
    cleanForwarded(headers, { keepScheme: true });
    expect(headers['x-forwarded-proto']).toBe(kept);
  });

  it('removes the forwarded host and scheme', () => {
    const headers = { 'x-forwarded-host': 'evil.example.com', 'x-forwarded-proto': 'https' };
    cleanForwarded(headers);
    expect(headers).toEqual({});
  });
});
