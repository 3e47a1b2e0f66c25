import { z } from 'zod';
import { PharmacyAnswerError } from './pharmacy-errors.ts';

/*
 * The fields of pharmacies' answers, read liberally: pharmacies differ in letter case, and send numbers
 * as strings and strings as numbers. Both protocols use these schemas.
 */

const REASON_CHARACTERS = 2_000;
const NAME_CHARACTERS = 255;

/** NUL, which no column stores, and a lone surrogate, which `jsonb` refuses. */
const NOT_STORABLE = /[\0\p{Surrogate}]/gu;

/** An id: a text of 1 to 255 characters, or a number. Digits beyond a double's arrive as text. */
export const id = z
  .union([z.string(), z.number()])
  .transform((value) => String(value).trim())
  .pipe(z.string().regex(/^[^\0\p{Surrogate}]{1,255}$/u));

/** An optional text; a text that is missing, blank or of another type counts as absent. */
export function optionalText(most: number) {
  return z
    .union([z.string(), z.number()])
    .transform((value) => storable(String(value), most))
    .transform((value) => (value === '' ? undefined : value))
    .optional()
    .catch(undefined);
}

/** A pharmacy's explanation: a text, or an object with one. It is truncated to 2,000 characters. */
export const reason = z
  .unknown()
  .optional()
  .transform((value): string | undefined => {
    const parts = typeof value === 'object' && value !== null ? Object.values(value) : [value];
    const texts = parts.filter((part) => typeof part === 'string' || typeof part === 'number');
    const text = storable(texts.join(': '), REASON_CHARACTERS);
    return text === '' ? undefined : text;
  });

/** Removes what cannot be stored, then shortens a text; it never keeps half of a surrogate pair. */
function storable(text: string, most: number): string {
  const whole = text.replace(NOT_STORABLE, '').trim();
  return whole.slice(0, most).replace(NOT_STORABLE, '').trim();
}

/** A file name. Only the part after the last slash or backslash counts, without control characters. */
export const fileName = optionalText(4 * NAME_CHARACTERS).transform((text) => {
  const base = text
    ?.split(/[/\\]/)
    .at(-1)
    ?.replace(/\p{Cc}/gu, '')
    .slice(-NAME_CHARACTERS)
    .replace(NOT_STORABLE, '')
    .trim();
  return base === undefined || /^\.*$/.test(base) ? undefined : base;
});

/** A size in bytes: an integer, or its digits as a text. */
export const size = absentOr(
  z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\s*\d{1,15}\s*$/)
        .transform(Number),
    ])
    .pipe(z.number().int().nonnegative()),
);

/** A SHA-256 in hexadecimal or base64, with or without the prefix `sha256:`. */
export const sha256 = absentOr(
  z
    .string()
    .transform((text) => text.trim().replace(/^sha-?256[:=-]/i, ''))
    .transform((text, context) => {
      if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
      const bytes = Buffer.from(text, 'base64');
      if (/^[\w+/-]{43}=?$/.test(text) && bytes.length === 32) return bytes.toString('hex');
      context.addIssue({ code: 'custom', message: 'is not a SHA-256' });
      return z.NEVER;
    }),
);

/** A field that may be missing, null or blank. Any other value must be readable. */
function absentOr<T>(schema: z.ZodType<T>) {
  const absent = z.union([z.null(), z.undefined(), z.string().regex(/^\s*$/)]);
  return z.union([absent.transform(() => undefined), schema]).optional();
}

/** A media type without its parameters, in lower case, e.g. `application/pdf`. */
export const mediaType = optionalText(255).transform((text) =>
  text === undefined ? undefined : essenceOf(text),
);

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['application/x-pdf', 'application/pdf'],
  ['pdf', 'application/pdf'],
  ['image/jpg', 'image/jpeg'],
  ['image/pjpeg', 'image/jpeg'],
  ['image/tif', 'image/tiff'],
  ['image/x-png', 'image/png'],
]);

/** Returns the essence of a media type (RFC 9110, section 8.3.1), under its registered name. */
export function essenceOf(mediaTypeText: string): string | undefined {
  const essence = (mediaTypeText.split(';')[0] ?? '').trim().toLowerCase();
  if (essence === '' || /[^\x21-\x7e]/.test(essence)) return undefined;
  return ALIASES.get(essence) ?? essence;
}

/** A parcel, in the fields `trackingId`, `carrier` and `trackingUrl`; undefined without a readable id. */
export const shipment = z
  .object({
    trackingId: optionalText(255),
    carrier: optionalText(255),
    trackingUrl: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .optional()
      .catch(undefined),
  })
  .transform(({ trackingId, carrier, trackingUrl }) =>
    trackingId === undefined
      ? undefined
      : {
          trackingId,
          ...(carrier === undefined ? {} : { carrier }),
          ...(trackingUrl === undefined ? {} : { trackingUrl }),
        },
  );

/**
 * Reads a value with a schema.
 *
 * @param path the path of the value in the answer; empty for the answer itself.
 * @throws {PharmacyAnswerError} `PHARMACY_BAD_ANSWER` with the field that could not be read.
 */
export function readField<T>(schema: z.ZodType<T>, value: unknown, path = ''): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new PharmacyAnswerError('PHARMACY_BAD_ANSWER', fieldOf(result.error, path));
}

/** Names the field of the first problem, as in `documents[0].size`. */
export function fieldOf(error: z.ZodError, path = ''): string {
  const keys = error.issues[0]?.path ?? [];
  const within = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  const field = `${path}${within.join('')}`.replace(/^\./, '');
  return field === '' ? 'body' : field;
}
