import { z } from 'zod';
import { findInvisible, isBlank } from './invisible-characters.ts';
import { isRecord } from './validation.ts';

/*
 * The kinds of field in the contract's table. The message of a rule omits the field's name ("is
 * required"): `validation.ts` adds it, so that one rule serves every field.
 */

/** The message for a value that is missing or has the wrong type. */
function mustBe(what: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => (input === undefined || input === null ? 'is required' : `must be ${what}`);
}

/** Half of a surrogate pair. UTF-8 cannot encode it, so the text would change when it is stored. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Maximum characters of a name, an id or a line of an address. */
const MOST_CHARACTERS = 1_000;

/** For the documentation: any text that Postgres can store. */
export const ANY_TEXT = '^[^\\u0000]*$';

/** Maximum characters of prose, such as directions and diagnoses. */
export const MOST_CHARACTERS_OF_PROSE = 20_000;

/** Printable ASCII that is not blank: such a text breaks no rule but that of the length. */
const PLAIN = /^ *[!-~][ -~]*$/;

/** Returns the rule that a text breaks; undefined if it breaks none. */
type Rule = (value: string, most: number) => string | undefined;

const storable: Rule = (value, most) => {
  if (value.length > most && Array.from(value).length > most) {
    return `must be at most ${most} characters`;
  }
  if (value.includes('\0')) return 'must not contain the NUL character';
  return LONE_SURROGATE.test(value) ? 'must be well-formed Unicode text' : undefined;
};

const visible: Rule = (value, most) => {
  const fault = storable(value, most);
  if (fault !== undefined || isBlank(value)) return fault;
  const invisible = findInvisible(value);
  return invisible === undefined ? undefined : `must not contain ${invisible}`;
};

const required: Rule = (value, most) =>
  visible(value, most) ?? (isBlank(value) ? 'is required' : undefined);

/** A text that a rule accepts. One check for all rules, because zod takes longer for a check than most rules do. */
function checkedText(most: number, rule: Rule) {
  return z
    .string({ error: mustBe('a string') })
    .refine(
      (value) => (value.length <= most && PLAIN.test(value)) || rule(value, most) === undefined,
      { error: ({ input }) => rule(String(input), most) ?? '', abort: true },
    )
    .meta({ maxLength: most, pattern: ANY_TEXT });
}

/**
 * A text that the database can store; it may be empty. It is kept as it was sent, never trimmed.
 *
 * @param most maximum length in Unicode code points, so that the limit is the same in every script.
 */
export function storableText(most = MOST_CHARACTERS) {
  return checkedText(most, storable);
}

/**
 * A {@link storableText} without invisible characters; see {@link findInvisible}. A blank text passes, because
 * `requiredText` and `object` decide what it means.
 */
export function text(most = MOST_CHARACTERS) {
  return checkedText(most, visible);
}

/** A required text. A blank one counts as missing (docs/place-order.md, "Values"). */
export function requiredText(most = MOST_CHARACTERS) {
  return checkedText(most, required).meta({
    minLength: 1,
    pattern: '^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$',
  });
}

/**
 * Metadata that replaces the JSON Schema which the documentation would derive from a schema, when that
 * one would say less.
 */
export function shownAs(wanted: Readonly<Record<string, unknown>>) {
  return {
    override: ({ jsonSchema }: { jsonSchema: object }) => {
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      Object.assign(jsonSchema, wanted);
    },
  };
}

/** The discriminator of an object: one fixed word. The message lists all `words`. */
export function word<const Word extends string>(value: Word, words: readonly string[]) {
  return requiredText()
    .pipe(z.literal(value, { error: `must be one of ${words.join(', ')}` }))
    .meta(shownAs({ type: 'string', const: value }));
}

/** One of a few words, case-sensitive. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: mustBe(`one of ${words.join(', ')}`) });
}

/**
 * An integer that JSON represents exactly.
 *
 * @param min the minimum, inclusive.
 */
export function integer(min: number) {
  const rule = `must be an integer of ${min} or more`;
  return z
    .number({
      error: (issue) => (typeof issue.input === 'number' ? rule : mustBe('a number')(issue)),
    })
    .refine((value) => Number.isSafeInteger(value) && value >= min, { error: rule })
    .meta({ override: { type: 'integer', minimum: min, maximum: Number.MAX_SAFE_INTEGER } });
}

/** Maximum items of a list. A longer prescription is a mistake, and the check of each item takes time. */
const MOST_ITEMS = 500;

/**
 * A list with 1 to 500 items.
 *
 * @param item the schema of each.
 */
export function nonEmptyList<Item extends z.ZodType>(item: Item) {
  return z.preprocess(
    // One item too many is enough to refuse the list. To report every fault of a list that fills a
    // request would take seconds and an answer of 50 MB.
    (input) => (Array.isArray(input) ? input.slice(0, MOST_ITEMS + 1) : input),
    z
      .array(item, { error: mustBe('an array') })
      .min(1, { error: 'must contain at least one item' })
      .max(MOST_ITEMS, { error: `must contain at most ${MOST_ITEMS} items` }),
  );
}

/** Marks the JSON Schema of an object whose blank optional fields count as absent; no document shows it. */
export const BLANK_IS_ABSENT = 'x-blank-is-absent';

/**
 * An object of known fields. A field that is `null` counts as not sent, and so does an optional field that
 * is blank; an unknown field is dropped (docs/place-order.md, "Values"). Problems are in the order of `shape`.
 *
 * @param shape the fields in the order of the contract's table; optional ones as `z.exactOptional`.
 */
export function object<Shape extends z.core.$ZodShape>(shape: Shape) {
  const optional = new Set(
    Object.keys(shape).filter((field) => shape[field]?._zod.optin !== undefined),
  );
  return objectOf(shape, (field, value) => {
    if (value === null) return false;
    return !(typeof value === 'string' && optional.has(field) && isBlank(value));
  }).meta({ [BLANK_IS_ABSENT]: true });
}

/**
 * Like {@link object}, but a blank field is a value, as in a query string.
 *
 * @param nullable fields whose `null` has a meaning, so that it reaches their schemas.
 */
export function objectWithBlanks<Shape extends z.core.$ZodShape>(
  shape: Shape,
  nullable: readonly (keyof Shape & string)[] = [],
) {
  return objectOf(shape, (field, value) => value !== null || nullable.includes(field));
}

function objectOf<Shape extends z.core.$ZodShape>(
  shape: Shape,
  isSent: (field: string, value: unknown) => boolean,
) {
  const fields = Object.keys(shape);
  return z.preprocess(
    (input) => (isRecord(input) ? pickSent(input, fields, isSent) : input),
    z.object(shape, { error: mustBe('an object') }),
  );
}

/**
 * An object with any content. It is passed on by reference, unchanged.
 *
 * @param checks conditions on the object, each with its message. A later check runs only when the
 *   earlier ones accept.
 */
export function foreignObject(
  ...checks: readonly {
    readonly accepts: (value: object) => boolean;
    readonly rule: string | ((value: object) => string);
  }[]
) {
  const anyObject = z
    .custom<Record<string, unknown>>(isRecord, { error: mustBe('an object'), abort: true })
    .meta(shownAs({ type: 'object', additionalProperties: true }));
  return checks.reduce(
    (schema, { accepts, rule }) =>
      schema.refine(accepts, {
        error: ({ input }) => (typeof rule === 'string' ? rule : rule(input as object)),
        abort: true,
      }),
    anyObject,
  );
}

/** Picks own fields only: a field of the prototype was not in the body. */
function pickSent(
  input: Record<string, unknown>,
  fields: readonly string[],
  isSent: (field: string, value: unknown) => boolean,
): object {
  const sent: Record<string, unknown> = {};
  for (const field of fields) {
    const value = Object.hasOwn(input, field) ? input[field] : undefined;
    if (value !== undefined && isSent(field, value)) sent[field] = value;
  }
  return sent;
}
