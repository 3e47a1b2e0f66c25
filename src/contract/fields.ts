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

/** Most characters of a name, an id, a line of an address. */
const MOST_CHARACTERS = 1_000;

/** Most characters of what people write at length, such as directions and diagnoses. */
export const MOST_CHARACTERS_OF_PROSE = 20_000;

/**
 * Any text, the empty one too, that the database can hold. Kept as it was sent, never trimmed.
 *
 * @param most characters; Unicode's, so that a name in any script may be as long.
 */
export function text(most = MOST_CHARACTERS) {
  return z
    .string({ error: mustBe('a string') })
    .refine((value) => value.length <= most || Array.from(value).length <= most, {
      error: `must be at most ${most} characters`,
      abort: true,
    })
    .refine((value) => !value.includes('\0'), {
      error: 'must not contain the NUL character',
      abort: true,
    })
    .refine((value) => !LONE_SURROGATE.test(value), {
      error: 'must be well-formed Unicode text',
      abort: true,
    })
    .meta({ maxLength: most, pattern: '^[^\\u0000]*$' });
}

/** A text that must be there; a blank one counts as missing (place-order.md, "missing values"). */
export function requiredText(most?: number) {
  return text(most)
    .refine((value) => value.trim() !== '', { error: 'is required', abort: true })
    .meta({ minLength: 1, pattern: '^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$' });
}

/**
 * Metadata by which the documentation shows a schema as what is given here, where its own translation
 * into JSON Schema would say less.
 */
export function shownAs(wanted: Readonly<Record<string, unknown>>) {
  return {
    override: ({ jsonSchema }: { jsonSchema: object }) => {
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      Object.assign(jsonSchema, wanted);
    },
  };
}

/** One word of a few: the one that says what an object is. */
export function word<const Word extends string>(value: Word, words: readonly string[]) {
  return requiredText()
    .pipe(z.literal(value, { error: `must be one of ${words.join(', ')}` }))
    .meta(shownAs({ type: 'string', const: value }));
}

/** One of a few words, each written exactly so. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: mustBe(`one of ${words.join(', ')}`) });
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
    .refine((value) => Number.isSafeInteger(value) && value >= min, { error: rule })
    .meta({ override: { type: 'integer', minimum: min, maximum: Number.MAX_SAFE_INTEGER } });
}

/** Most items of a list: a prescription of more is a mistake, and each is checked. */
const MOST_ITEMS = 500;

/**
 * A list with 1 to 500 items.
 *
 * @param item the schema of each.
 */
export function nonEmptyList<Item extends z.ZodType>(item: Item) {
  return z.preprocess(
    // One too many is enough to be refused: to tell all faults of a list that fills a request would
    // cost seconds and an answer of 50 MB.
    (input) => (Array.isArray(input) ? input.slice(0, MOST_ITEMS + 1) : input),
    z
      .array(item, { error: mustBe('an array') })
      .min(1, { error: 'must contain at least one item' })
      .max(MOST_ITEMS, { error: `must contain at most ${MOST_ITEMS} items` }),
  );
}

/**
 * An object of known fields. A field that is `null` counts as not sent and an unknown one is
 * dropped (place-order.md, "missing values", "unknown fields"). Problems come in the order of
 * `shape`.
 *
 * @param shape the fields in the order of the contract's table; optional ones as `z.exactOptional`.
 * @param nullable the fields whose `null` says something: it reaches their schemas.
 */
export function object<Shape extends z.core.$ZodShape>(
  shape: Shape,
  nullable: readonly (keyof Shape & string)[] = [],
) {
  const fields = Object.keys(shape);
  return z.preprocess(
    (input) => (isObject(input) ? pickPresent(input, fields, nullable) : input),
    z.object(shape, { error: mustBe('an object') }),
  );
}

/**
 * An object whose content is not ours: it goes through by reference, untouched.
 *
 * @param checks bounds on what goes through, and the message for what does not; a later one may
 *   rely on those before it.
 */
export function foreignObject(
  ...checks: readonly { readonly accepts: (value: object) => boolean; readonly rule: string }[]
) {
  const anyObject = z
    .custom<Record<string, unknown>>(isObject, { error: mustBe('an object'), abort: true })
    .meta(shownAs({ type: 'object', additionalProperties: true }));
  return checks.reduce(
    (schema, { accepts, rule }) => schema.refine(accepts, { error: rule, abort: true }),
    anyObject,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Only own fields count: what a prototype holds was not in the body. */
function pickPresent(
  input: Record<string, unknown>,
  fields: readonly string[],
  nullable: readonly string[],
): object {
  const present = fields.filter(
    (field) =>
      Object.hasOwn(input, field) &&
      input[field] !== undefined &&
      (input[field] !== null || nullable.includes(field)),
  );
  return Object.fromEntries(present.map((field) => [field, input[field]]));
}
