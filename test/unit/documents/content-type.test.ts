import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EDGE_BYTES, finalType } from '../../../src/documents/content-type.ts';
import { DocumentMismatchError } from '../../../src/documents/document-errors.ts';
import { SAMPLES } from './sample-files.ts';

/** The type of a document with these bytes, or the code of the error. */
function typeOf(bytes: Buffer | string, announced?: string, answered?: string): string {
  const whole = Buffer.from(bytes as Buffer);
  const edges = {
    head: whole.subarray(0, EDGE_BYTES),
    tail: whole.subarray(-EDGE_BYTES),
    size: whole.length,
  };
  try {
    return finalType(announced, answered, edges);
  } catch (error) {
    expect(error).toBeInstanceOf(DocumentMismatchError);
    return (error as DocumentMismatchError).code;
  }
}

const BYTES = new Map(SAMPLES.map(([name, , bytes]) => [name, bytes]));
const sample = (name: string) => BYTES.get(name) ?? Buffer.alloc(0);
const UNSPECIFIC = [undefined, 'application/octet-stream', 'binary/octet-stream'];

const LOGIN = '\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>';
const PAGES = [
  LOGIN,
  '<html><body>Session expired</body></html>',
  '\uFEFF<HTML></HTML>',
  '<!-- error --><html></html>',
  '<head><meta http-equiv="refresh" content="0;url=/login"></head>',
  '<script>location="/login"</script>',
  '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
  '{"error":"LABEL_NOT_READY"}',
  '{\n  "code": 404\n}',
  '{}',
];

describe.each(SAMPLES)('a %s', (_, type, bytes) => {
  it.each(UNSPECIFIC)('is recognized when it is announced as %s', (announced) => {
    for (const answered of [...UNSPECIFIC, type, 'text/plain']) {
      expect(typeOf(bytes, announced, answered)).toBe(type);
    }
  });

  it('is itself, whatever the type of the answer is', () => {
    for (const answered of [...UNSPECIFIC, type, 'text/html', 'image/gif']) {
      expect(typeOf(bytes, type, answered)).toBe(type);
    }
  });

  it('is no other type', () => {
    const types = [...SAMPLES.map(([, each]) => each), 'text/plain', 'text/html', 'image/gif'];
    for (const other of types.filter((each) => each !== type)) {
      expect(typeOf(bytes, other, type)).toBe('DOCUMENT_WRONG_TYPE');
    }
  });

  it('is refused at every length at which it is truncated', () => {
    // The last bytes of the PDF are its line break.
    const shortest = bytes.length - (type === 'application/pdf' ? 1 : 0);
    for (let length = 1; length < shortest; length += 1) {
      expect(typeOf(bytes.subarray(0, length), type)).toMatch(/^DOCUMENT_(TRUNCATED|WRONG_TYPE)$/);
    }
  });
});

describe('a truncated document', () => {
  it('of any size is named as truncated once it has its signature', () => {
    for (const [, type, bytes] of SAMPLES) {
      expect(typeOf(bytes.subarray(0, -20), type)).toBe('DOCUMENT_TRUNCATED');
      expect(typeOf(bytes.subarray(0, -20))).toBe('DOCUMENT_TRUNCATED');
    }
  });

  it('is a PDF whose end marker is further from its end than readers look', () => {
    const pdf = sample('PDF');
    expect(typeOf(Buffer.concat([pdf, Buffer.alloc(1_000)]))).toBe('application/pdf');
    expect(typeOf(Buffer.concat([pdf, Buffer.alloc(EDGE_BYTES)]))).toBe('DOCUMENT_TRUNCATED');
  });

  it('is a TIFF with several strips, whose positions are a list', () => {
    const { whole, strips } = tiffOfStrips(5);
    expect(typeOf(whole, 'image/tiff')).toBe('image/tiff');
    for (const length of [strips - 1, whole.length - 1]) {
      expect(typeOf(whole.subarray(0, length), 'image/tiff')).toBe('DOCUMENT_TRUNCATED');
    }
  });

  it('is not a TIFF whose directories are in the middle of a large file', () => {
    const { whole } = tiffOfStrips(5);
    const far = Buffer.concat([whole, Buffer.alloc(10_000)]);
    far.writeUInt32LE(5_000, 4);
    expect(typeOf(far, 'image/tiff')).toBe('image/tiff');
  });
});

/** A TIFF with a strip of 4 bytes for each row; `strips` is the position of the first. */
function tiffOfStrips(count: number): { whole: Buffer; strips: number } {
  const lists = 8 + 2 + 2 * 12 + 4;
  const strips = lists + 2 * 4 * count;
  const whole = Buffer.alloc(strips + 4 * count);
  whole.write('II*\0');
  whole.writeUInt32LE(8, 4);
  whole.writeUInt16LE(2, 8);
  for (const [index, tag] of [273, 279].entries()) {
    const entry = 10 + 12 * index;
    whole.writeUInt16LE(tag, entry);
    whole.writeUInt16LE(4, entry + 2);
    whole.writeUInt32LE(count, entry + 4);
    whole.writeUInt32LE(lists + 4 * count * index, entry + 8);
  }
  for (let index = 0; index < count; index += 1) {
    whole.writeUInt32LE(strips + 4 * index, lists + 4 * index);
    whole.writeUInt32LE(4, lists + 4 * (count + index));
  }
  return { whole, strips };
}

describe('a page in place of a document', () => {
  it.each(PAGES)('is refused as a document of any format: %j', (page) => {
    for (const announced of ['application/pdf', 'image/png', 'image/jpeg', 'image/tiff']) {
      for (const answered of [undefined, announced, 'text/html', 'application/octet-stream']) {
        expect(typeOf(page, announced, answered)).toBe('DOCUMENT_WRONG_TYPE');
      }
    }
    for (const announced of [...UNSPECIFIC, 'image/gif', 'text/plain', 'application/msword']) {
      for (const answered of [undefined, 'application/octet-stream', 'text/html']) {
        expect(typeOf(page, announced, answered)).toBe('DOCUMENT_WRONG_TYPE');
      }
    }
  });

  it.each(['text/html', 'application/json', 'application/problem+json', 'application/xml'])(
    'is refused as %s, which nobody announced',
    (answered) => {
      for (const announced of [...UNSPECIFIC, 'text/plain', 'image/gif']) {
        expect(typeOf('whatever', announced, answered)).toBe('DOCUMENT_WRONG_TYPE');
      }
    },
  );

  it('is a document if it was announced as a page', () => {
    expect(typeOf(LOGIN, 'text/html', 'text/html')).toBe('text/html');
    expect(typeOf('{"a":1}', 'application/fhir+json')).toBe('application/fhir+json');
    expect(typeOf('{"a":1}', 'application/json', 'text/html')).toBe('DOCUMENT_WRONG_TYPE');
  });
});

describe('bytes of an unknown format', () => {
  it('are not one of the formats that we know', () => {
    const known = ['application/pdf', 'image/png', 'image/jpeg', 'image/tiff'];
    for (const type of known) {
      for (const bytes of ['abc', 'PDF-1.4 %%EOF', gzipSync(sample('PDF'))]) {
        expect(typeOf(bytes, type)).toBe('DOCUMENT_WRONG_TYPE');
        expect(typeOf(bytes, undefined, type)).toBe('DOCUMENT_WRONG_TYPE');
        expect(typeOf(bytes, 'application/octet-stream', type)).toBe('DOCUMENT_WRONG_TYPE');
      }
    }
  });

  it('have the announced type, or else that of the answer', () => {
    expect(typeOf('GIF89a', 'image/gif', 'application/octet-stream')).toBe('image/gif');
    expect(typeOf('Take one.', 'text/plain', 'text/plain')).toBe('text/plain');
    expect(typeOf('Take one.', 'application/octet-stream', 'text/plain')).toBe('text/plain');
    expect(typeOf('Take one.', undefined, 'text/plain')).toBe('text/plain');
    expect(typeOf('Take one.')).toBe('application/octet-stream');
  });

  it('never pass as one of the formats that we know', () => {
    const type = fc.constantFrom(...UNSPECIFIC, 'application/pdf', 'image/tiff', 'text/plain');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), type, type, (bytes, announced, answered) => {
        const whole = Buffer.from(bytes);
        const result = typeOf(whole, announced, answered);
        if (result === 'application/pdf') expect(whole.includes('%PDF-')).toBe(true);
        if (result === 'image/tiff') expect(whole.toString('latin1')).toMatch(/^(II[*+]|MM\0)/);
      }),
    );
  });
});
