import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../src/pharmacy/base64.ts';

const encodings = fc.constantFrom('base64', 'base64url');
const breaks = fc.constantFrom('', '\n', '\r\n', '\r', '\n  ', '\r\n\t', '\n\n');

describe('decodeBase64', () => {
  it('decodes what both alphabets encode, with and without padding and line breaks', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        encodings,
        fc.boolean(),
        breaks,
        fc.integer({ min: 1, max: 76 }),
        (bytes, encoding, padded, lineBreak, width) => {
          const encoded = Buffer.from(bytes).toString(encoding).replace(/=+$/, '');
          const padding = padded ? '='.repeat((4 - (encoded.length % 4)) % 4) : '';
          const lines = `${encoded}${padding}`.replace(
            new RegExp(`.{${width}}`, 'g'),
            `$&${lineBreak}`,
          );
          expect(decodeBase64(lines)).toEqual(Buffer.from(bytes));
        },
      ),
    );
  });

  it('decodes an empty text to an empty document', () => {
    for (const text of ['', '\n', ' ']) expect(decodeBase64(text)).toEqual(Buffer.alloc(0));
  });

  it.each([
    'a',
    'abcde',
    '=',
    '==',
    'ab=',
    'abc==',
    'abcd=',
    'abcd====',
    'abc===',
    'YWJj=YWJj',
    'YQ==YWJj',
    'ab+_',
    'ab/-',
    'ab%2B',
    'abc!',
    'abc\0',
    '<html></html>',
    '{"error":"x"}',
    'data:;base64,YWJj',
    'the bytes',
    'Not found',
    'ab cd',
    'ab\tcd',
    'ab\u00A0cd',
  ])('refuses %j', (text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });

  it('ignores white space around the text', () => {
    expect(decodeBase64(' \uFEFF\r\nYWJj \n')).toEqual(Buffer.from('abc'));
  });

  it('never skips a character, as Buffer.from does', () => {
    const significant = /[^\s=]/g;
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aZ09+/-_= \n!é') }), (text) => {
        const bytes = decodeBase64(text);
        if (bytes === undefined) return;
        expect(bytes.length).toBe(Math.floor(((text.match(significant)?.length ?? 0) * 3) / 4));
        expect(text).not.toMatch(/[!é]/);
      }),
      { numRuns: 2_000 },
    );
  });
});
