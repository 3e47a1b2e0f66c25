import { z } from 'zod';

/*
 * The kinds of field that the contract's table is made of. A rule's message leaves the field's name
 * out ("is required"): `validation.ts` puts it in front, so that one rule serves every field.
 */

/** The message for a value that is missing or of the wrong type. */
function mustBe(what: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => (input === undefined || input === null ? 'is required' : `must be ${what}`);
}

/** Half of a surrogate pair: no encoding can hold it, so it would come out as another text. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Any text, the empty one too, that the database can hold. Kept as it was sent, never trimmed. */
export function text() {
  return z
    .string({ error: mustBe('a string') })
    .refine((value) => !value.includes('\0'), {
      error: 'must not contain the NUL character',
      abort: true,
    })
    .refine((value) => !LONE_SURROGATE.test(value), {
      error: 'must be well-formed Unicode text',
      abort: true,
    });
}

/** A text that must be there; a blank one counts as missing (place-order.md, "missing values"). */
export function requiredText() {
  return text().refine((value) => value.trim() !== '', { error: 'is required', abort: true });
}

/**
 * A whole number that JSON carries exactly.
 *
 * @param min the least that is accepted.
 */
export function integer(min: number) {
  const rule = `must be an integer of ${min} or more`;
  return z
    .number({
      error: (issue) => (typeof issue.input === 'number' ? rule : mustBe('a number')(issue)),
    })
    .refine((value) => Number.isSafeInteger(value) && value >= min, { error: rule });
}

/** A list that fills a request, wrong in every item, would cost seconds and an answer of 50 MB. */
const MAX_FAULTY_ITEMS = 1_000;

/**
 * A list with at least one item. All its problems are told, up to a thousand faulty items; what
 * comes behind those is not looked at.
 *
 * @param item the schema of each.
 */
export function nonEmptyList<Item extends z.ZodType>(item: Item) {
  return z.preprocess(
    (input) => (Array.isArray(input) ? cutWhenHopeless(input, item) : input),
    z
      .array(item, { error: mustBe('an array') })
      .min(1, { error: 'must contain at least one item' }),
  );
}

/** Cuts a list only behind faulty items, so that no list becomes valid by it. */
function cutWhenHopeless(items: unknown[], item: z.ZodType): unknown[] {
  if (items.length <= MAX_FAULTY_ITEMS) return items;
  let faulty = 0;
  const last = items.findIndex((value) => {
    if (!item.safeParse(value).success) faulty += 1;
    return faulty === MAX_FAULTY_ITEMS;
  });
  return last === -1 ? items : items.slice(0, last + 1);
}

/**
 * An object of known fields. A field that is `null` counts as not sent and an unknown one is
 * dropped (place-order.md, "missing values", "unknown fields"). Problems come in the order of
 * `shape`.
 *
 * @param shape the fields in the order of the contract's table; optional ones as `z.exactOptional`.
 */
export function object<Shape extends z.core.$ZodShape>(shape: Shape) {
  const fields = Object.keys(shape);
  return z.preprocess(
    (input) => (isObject(input) ? pickPresent(input, fields) : input),
    z.object(shape, { error: mustBe('an object') }),
  );
}

/**
 * An object whose content is not ours: it goes through by reference, untouched.
 *
 * @param check.accepts a bound on what goes through.
 * @param check.rule the message for what does not.
 */
export function foreignObject(check: { accepts: (value: object) => boolean; rule: string }) {
  return z
    .custom<Record<string, unknown>>(isObject, { error: mustBe('an object'), abort: true })
    .refine(check.accepts, { error: check.rule });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Only own fields count: what a prototype holds was not in the body. */
function pickPresent(input: Record<string, unknown>, fields: readonly string[]): object {
  const present = fields.filter(
    (field) => Object.hasOwn(input, field) && input[field] !== null && input[field] !== undefined,
  );
  return Object.fromEntries(present.map((field) => [field, input[field]]));
}
