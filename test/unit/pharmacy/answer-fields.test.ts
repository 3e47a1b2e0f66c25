import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  essenceOf,
  fileName,
  id,
  mediaType,
  optionalText,
  readField,
  reason,
  sha256,
  shipment,
  size,
} from '../../../src/pharmacy/answer-fields.ts';
import { PharmacyAnswerError } from '../../../src/pharmacy/pharmacy-errors.ts';
import { hostileText, NOT_STORABLE } from './hostile-answers.ts';

const UNREADABLE = Symbol('unreadable');
const read = (schema: z.ZodType, value: unknown): unknown => {
  const result = schema.safeParse(value);
  return result.success ? result.data : UNREADABLE;
};

describe('an id', () => {
  it.each([
    ['ph-1', 'ph-1'],
    [' ph-1\n', 'ph-1'],
    [900719925474, '900719925474'],
    [0, '0'],
    [-0, '0'],
    [-7, '-7'],
    [1.5, '1.5'],
    ['9400111899223344556677', '9400111899223344556677'],
    ['x'.repeat(255), 'x'.repeat(255)],
    ['😀'.repeat(255), '😀'.repeat(255)],
  ])('reads %j as %j', (value, expected) => {
    expect(read(id, value)).toBe(expected);
  });

  it.each([
    undefined,
    null,
    '',
    ' ',
    true,
    [],
    ['ph-1'],
    {},
    Number.NaN,
    Infinity,
    'x'.repeat(256),
    'ph\0',
    'ph\ud800',
  ])('cannot be %j', (value) => {
    expect(read(id, value)).toBe(UNREADABLE);
  });

  it('keeps each safe integer digit for digit', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => read(id, value) === String(value)));
  });
});

describe('an optional text', () => {
  it('is absent if it is missing, blank or of another type', () => {
    for (const value of [undefined, null, '', ' \n', '\0', true, [], ['a'], { a: 1 }]) {
      expect(read(optionalText(10), value)).toBeUndefined();
    }
  });

  it('is shortened, and never to half of a character', () => {
    expect(read(optionalText(3), 'abcd')).toBe('abc');
    expect(read(optionalText(3), 'ab😀')).toBe('ab');
    expect(read(optionalText(4), 'ab😀c')).toBe('ab😀');
    expect(read(optionalText(3), '  \0 abcd')).toBe('abc');
    expect(read(optionalText(10), 9_400)).toBe('9400');
  });

  it('is never longer than its limit, and can always be stored', () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 1, max: 9 }), (value, most) => {
        const text = read(optionalText(most), value);
        if (text === undefined) return;
        expect((text as string).length).toBeLessThanOrEqual(most);
        expect(text).not.toBe('');
        expect(text).not.toMatch(NOT_STORABLE);
      }),
    );
  });
});

describe('a reason', () => {
  it.each([
    ['out of stock', 'out of stock'],
    [42, '42'],
    [{ code: 'NO', message: 'out of stock' }, 'NO: out of stock'],
    [{ code: 7, nested: { a: 1 }, flag: true, message: 'out' }, '7: out'],
    [['out', 'of stock'], 'out: of stock'],
    ['x'.repeat(2_001), 'x'.repeat(2_000)],
    [{ a: 'x'.repeat(1_998), b: '😀' }, `${'x'.repeat(1_998)}:`],
    ['\0', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
    [false, undefined],
    [{}, undefined],
    [{ nested: { message: 'out' } }, undefined],
  ])('reads %j as %j', (value, expected) => {
    expect(read(reason, value)).toBe(expected);
  });

  it('can always be read and stored', () => {
    const value = fc.oneof(fc.jsonValue(), hostileText, fc.array(hostileText));
    fc.assert(
      fc.property(value, (each) => {
        const text = read(reason, each);
        expect(text).not.toBe(UNREADABLE);
        if (text === undefined) return;
        expect((text as string).length).toBeLessThanOrEqual(2_000);
        expect(text).not.toMatch(NOT_STORABLE);
      }),
    );
  });
});

describe('a file name', () => {
  it.each([
    ['rx.pdf', 'rx.pdf'],
    ['/var/spool/rx.pdf', 'rx.pdf'],
    ['C:\\spool\\rx.pdf', 'rx.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['rx\r\nSet-Cookie: a=b.pdf', 'rxSet-Cookie: a=b.pdf'],
    [` ${'x'.repeat(300)}.pdf`, `${'x'.repeat(251)}.pdf`],
    [42, '42'],
    ['..', undefined],
    ['.', undefined],
    ['folder/', undefined],
    ['', undefined],
    [null, undefined],
    [{}, undefined],
  ])('reads %j as %j', (value, expected) => {
    expect(read(fileName, value)).toBe(expected);
  });

  it('names a file in no folder, and can be stored', () => {
    fc.assert(
      fc.property(fc.oneof(hostileText, fc.string()), (value) => {
        const name = read(fileName, value);
        if (name === undefined) return;
        expect((name as string).length).toBeLessThanOrEqual(255);
        expect(name).not.toMatch(/[/\\\p{Cc}]/u);
        expect(name).not.toMatch(NOT_STORABLE);
        expect(name).not.toMatch(/^\.*$/);
      }),
    );
    const long = `${'x'.repeat(10)}${'😀'.repeat(200)}`;
    expect(read(fileName, long)).not.toMatch(NOT_STORABLE);
  });
});

describe('a size', () => {
  it.each([
    [73, 73],
    [0, 0],
    [73.0, 73],
    ['73', 73],
    [' 073 ', 73],
    ['', undefined],
    [' ', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('reads %j as %j', (value, expected) => {
    expect(read(size, value)).toBe(expected);
  });

  it.each([-1, 1.5, 2 ** 53, Number.NaN, '-1', '1.5', '1e3', '73 bytes', '0x49', true, [], {}])(
    'cannot be %j',
    (value) => {
      expect(read(size, value)).toBe(UNREADABLE);
    },
  );
});

describe('a SHA-256', () => {
  const anyBytes = fc.uint8Array().map((bytes) => createHash('sha256').update(bytes).digest());
  const prefix = fc.constantFrom('', 'sha256:', 'SHA256:', 'sha-256=', 'sha256-');

  it('is read in hexadecimal and in base64, with a prefix and in any letter case', () => {
    fc.assert(
      fc.property(anyBytes, prefix, (bytes, before) => {
        const hex = bytes.toString('hex');
        const forms = [
          hex,
          hex.toUpperCase(),
          bytes.toString('base64'),
          bytes.toString('base64').replace('=', ''),
          bytes.toString('base64url'),
        ];
        for (const form of forms) {
          expect(read(sha256, `${before}${form}`)).toBe(hex);
          expect(read(sha256, ` ${before}${form}\n`)).toBe(hex);
        }
      }),
    );
  });

  it.each([undefined, null, '', ' '])('may be missing: %j', (value) => {
    expect(read(sha256, value)).toBeUndefined();
  });

  it.each([
    'abc',
    'a'.repeat(63),
    'a'.repeat(65),
    'g'.repeat(64),
    `md5:${'a'.repeat(64)}`,
    `${'a'.repeat(43)}==`,
    `${'a'.repeat(42)}!`,
    7,
    true,
    {},
    [],
  ])('cannot be %j', (value) => {
    expect(read(sha256, value)).toBe(UNREADABLE);
  });
});

describe('a media type', () => {
  it.each([
    ['application/pdf', 'application/pdf'],
    [' Application/PDF ; charset=utf-8', 'application/pdf'],
    ['application/x-pdf', 'application/pdf'],
    ['PDF', 'application/pdf'],
    ['image/jpg', 'image/jpeg'],
    ['', undefined],
    [';', undefined],
    ['application/pdf\r\nx: y', undefined],
    ['a b', undefined],
    [null, undefined],
    [{}, undefined],
  ])('reads %j as %j', (value, expected) => {
    expect(read(mediaType, value)).toBe(expected);
  });

  it('can always be a header', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), hostileText), (value) => {
        expect(essenceOf(value) ?? '').toMatch(/^[\x21-\x7e]*$/);
      }),
    );
  });
});

describe('a shipment', () => {
  it('keeps the fields that can be read, and needs its id', () => {
    const trackingUrl = 'https://example.com/1';
    const whole = { trackingId: 'T', carrier: 'Example Post', trackingUrl };
    expect(read(shipment, { ...whole, id: 'ph-1' })).toStrictEqual(whole);
    expect(read(shipment, { trackingId: 7, carrier: null, trackingUrl: 'x' })).toStrictEqual({
      trackingId: '7',
    });
    for (const trackingId of [undefined, null, '', ' ', {}, [], true]) {
      expect(read(shipment, { ...whole, trackingId })).toBeUndefined();
    }
  });
});

describe('readField', () => {
  it('names the field, and quotes nothing of the answer', () => {
    try {
      readField(id, { name: 'Sam Sample' }, 'data.order.id');
      expect.unreachable();
    } catch (error) {
      expect(error).toEqual(new PharmacyAnswerError('PHARMACY_BAD_ANSWER', 'data.order.id'));
      expect(JSON.stringify(error)).not.toContain('Sam');
    }
    expect(() => readField(id, null)).toThrow(
      expect.objectContaining({ field: 'body' }) as PharmacyAnswerError,
    );
  });
});
