/** How a text can be stored: unchanged, or in an encoding that hides it from a plain search. */
export type Encoding =
  | 'utf-8'
  | 'base64'
  | 'base64url'
  | 'hex'
  | 'url-encoded'
  | 'json-escaped'
  | 'utf-16le'
  | 'utf-16be'
  | 'bytes';

/** A unique text in one field of an order, a case or a prescriber. */
export interface Marker {
  /** The field that holds the text, for example `case.patient.lastName`. */
  field: string;
  text: string;
}

/** The bytes to search for: one marker in one encoding. */
export interface Needle {
  marker: Marker;
  encoding: Encoding;
  bytes: Buffer;
}

/** Shorter needles would occur by chance in a gigabyte of random bytes. */
const MIN_NEEDLE_BYTES = 6;

/**
 * Makes all needles of a marker, each byte sequence once.
 *
 * @throws {Error} with the field's name: its text is so short that it could occur by chance.
 */
export function needlesOf(marker: Marker): Needle[] {
  const utf8 = Buffer.from(marker.text, 'utf8');
  if (utf8.length < 8) throw new Error(`${marker.field}: a marker has at least 8 bytes`);
  const needles = new Map<string, Needle>();
  for (const [encoding, bytes] of encodingsOf(marker.text, utf8)) {
    const key = bytes.toString('latin1');
    if (bytes.length >= MIN_NEEDLE_BYTES && !needles.has(key))
      needles.set(key, { marker, encoding, bytes });
  }
  return [...needles.values()];
}

/** How many bytes of a file make a piece that no other file contains. */
const SLICE_BYTES = 32;

/**
 * Makes needles of a file's content: three pieces, each unchanged, in base64 and in hex.
 *
 * @param bytes the file's bytes, at least 256.
 */
export function needlesOfContent(field: string, bytes: Buffer): Needle[] {
  return [0.25, 0.5, 0.75].flatMap((share) => {
    const at = Math.floor(bytes.length * share);
    const slice = bytes.subarray(at, at + SLICE_BYTES);
    const marker = { field, text: '' };
    const base64 = [0, 1, 2].map((offset) => Buffer.from(base64Core(slice, offset)));
    return [
      { marker, encoding: 'bytes' as const, bytes: slice },
      ...base64.map((core) => ({ marker, encoding: 'base64' as const, bytes: core })),
      { marker, encoding: 'hex' as const, bytes: Buffer.from(slice.toString('hex')) },
    ];
  });
}

function* encodingsOf(text: string, utf8: Buffer): Generator<[Encoding, Buffer]> {
  yield ['utf-8', utf8];
  for (const offset of [0, 1, 2]) {
    const core = base64Core(utf8, offset);
    yield ['base64', Buffer.from(core)];
    yield ['base64url', Buffer.from(core.replaceAll('+', '-').replaceAll('/', '_'))];
  }
  const hex = utf8.toString('hex');
  yield ['hex', Buffer.from(hex)];
  yield ['hex', Buffer.from(hex.toUpperCase())];
  yield ['url-encoded', Buffer.from(encodeURIComponent(text))];
  yield ['url-encoded', Buffer.from(new URLSearchParams({ t: text }).toString().slice(2))];
  yield ['url-encoded', Buffer.from(hex.replace(/../g, '%$&'))];
  yield ['url-encoded', Buffer.from(hex.toUpperCase().replace(/../g, '%$&'))];
  yield ['json-escaped', Buffer.from(jsonEscaped(text, () => true))];
  yield [
    'json-escaped',
    Buffer.from(
      jsonEscaped(text, () => true)
        .toUpperCase()
        .replaceAll('\\U', '\\u'),
    ),
  ];
  yield ['json-escaped', Buffer.from(jsonEscaped(text, (code) => code > 0x7e))];
  const utf16 = Buffer.from(text, 'utf16le');
  yield ['utf-16le', utf16];
  yield ['utf-16be', Buffer.from(utf16).swap16()];
}

/**
 * The base64 characters of a text at each of the three positions where it can begin in a group of three
 * bytes. A character at the border that also holds bits of a neighbouring byte is left out.
 */
function base64Core(utf8: Buffer, offset: number): string {
  const whole = Buffer.concat([Buffer.alloc(offset), utf8])
    .toString('base64')
    .replaceAll('=', '');
  const first = Math.ceil((offset * 8) / 6);
  const end = Math.floor(((offset + utf8.length) * 8) / 6);
  return whole.slice(first, end);
}

function jsonEscaped(text: string, escape: (code: number) => boolean): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    out += escape(code) ? `\\u${code.toString(16).padStart(4, '0')}` : text.charAt(at);
  }
  return out;
}
