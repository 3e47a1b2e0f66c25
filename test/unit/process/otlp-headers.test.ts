import { expect, it } from 'vitest';
import { otlpHeaders } from '../../../src/process/otlp-headers.ts';

it('reads headers with percent-encoded values', () => {
  expect(otlpHeaders.parse('authorization=Bearer%20a%3Db, x-tenant=7')).toEqual({
    ...{ authorization: 'Bearer a=b', 'x-tenant': '7' },
  });
});

it.each(['authorization', '=a', 'a=%zz', 'a b=c'])('refuses %s', (text) => {
  expect(otlpHeaders.safeParse(text).success).toBe(false);
});
