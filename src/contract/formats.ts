import { CALENDAR_DATE_PATTERN, hasUnknownZone, isCalendarDate } from './calendar-date.ts';
import { requiredText, storableText, text } from './fields.ts';

/* Values with a format: docs/place-order.md, "Values". */

/** Metadata of a text of fixed length, for the documentation. */
function exactly(length: number) {
  return { minLength: length, maxLength: length };
}

// biome-ignore format: grouped as in the contract.
const STATES = [
  'AL', 'AK', 'AZ', 'AR', 'CA', 'CO', 'CT', 'DE', 'FL', 'GA', 'HI', 'ID', 'IL', 'IN', 'IA', 'KS',
  'KY', 'LA', 'ME', 'MD', 'MA', 'MI', 'MN', 'MS', 'MO', 'MT', 'NE', 'NV', 'NH', 'NJ', 'NM', 'NY',
  'NC', 'ND', 'OH', 'OK', 'OR', 'PA', 'RI', 'SC', 'SD', 'TN', 'TX', 'UT', 'VT', 'VA', 'WA', 'WV',
  'WI', 'WY',
  'DC',
  'PR', 'VI', 'GU', 'AS', 'MP',
  'AA', 'AE', 'AP',
];
const STATE_IN_WORDS =
  'One of the 50 states, DC, the territories (PR, VI, GU, AS, MP) and the military codes (AA, AE, AP).';
const STATE = new RegExp(`^(?:${STATES.join('|')})$`);

/** A state, the District of Columbia, a territory or a military code, in upper case. */
export function state() {
  return requiredText()
    .regex(STATE, { error: 'must be a valid US state abbreviation' })
    .meta({ ...exactly(2), pattern: STATE.source, example: 'CA', description: STATE_IN_WORDS });
}

const COUNTRY = /^[A-Za-z]{2}$/;

/** A country: two letters, converted to upper case. */
export function country() {
  return requiredText()
    .regex(COUNTRY, { error: 'must be exactly 2 letters', abort: true })
    .toUpperCase()
    .meta({
      ...exactly(2),
      pattern: COUNTRY.source,
      example: 'US',
      description: 'Two letters, converted to upper case.',
    });
}

const POSTAL_CODE = /^[0-9]{5}$/;

/** A five-digit ZIP code. */
export function postalCode() {
  return requiredText()
    .regex(POSTAL_CODE, { error: 'must be exactly 5 digits' })
    .meta({
      ...exactly(5),
      pattern: POSTAL_CODE.source,
      example: '94105',
      description: 'Exactly 5 digits.',
    });
}

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const TOP_LEVEL = '[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]';
/** RFC 5321's dot-atom form and length limits; no quoted names, no address literals. */
const EMAIL = new RegExp(
  `^(?=[^@]{1,64}@)(?=.{1,254}$)${ATOM}(?:\\.${ATOM})*@(?:${LABEL}\\.)+${TOP_LEVEL}$`,
);

/** An email address in the common form; see {@link EMAIL}. */
export function email() {
  return requiredText().regex(EMAIL, { error: 'must be a valid email address' }).meta({
    maxLength: 254,
    pattern: EMAIL.source,
    example: 'john.smith@example.com',
    description: 'An email address.',
  });
}

/** `x123`, `ext. 123`, `Extension 123`, `;ext=123`, also in parentheses. */
const EXTENSION =
  '[,;]? *(?:[xX#]|[eE][xX][tT](?:[eE][nN][sS][iI][oO][nN]|[nN])?)[ .:=]*[0-9]{1,10}[ )]*$';
/** Separators may be anywhere after the `+`. No numbering plan is checked (docs/place-order.md, "Values"). */
const PHONE_NUMBER = new RegExp(`^\\+?[ .()-]*(?:[0-9][ .()-]*){7,15}(?:${EXTENSION})?$`);

/** A phone number: an optional `+`, 7 to 15 digits, spaces, dots, hyphens, parentheses, an extension. */
export function phoneNumber() {
  return requiredText().regex(PHONE_NUMBER, { error: 'must be a valid phone number' }).meta({
    pattern: PHONE_NUMBER.source,
    example: '+1234567890',
    description:
      'An optional `+`, 7 to 15 digits, spaces, dots, hyphens and parentheses, and an optional extension (`x123`, `ext. 123`).',
  });
}

/** Removes the extension of a valid phone number. */
export function withoutExtension(phone: string): string {
  return phone.replace(new RegExp(EXTENSION), '');
}

/** A date of the prescription. See {@link isCalendarDate}. */
export function date() {
  return text()
    .refine(isCalendarDate, {
      error: ({ input }) => {
        const rule = 'must be an ISO 8601 date that exists in the calendar';
        return hasUnknownZone(String(input)) ? `${rule}, its zone as Z, ±hh:mm or ±hhmm` : rule;
      },
    })
    .meta({
      pattern: CALENDAR_DATE_PATTERN,
      example: '2024-01-15',
      description:
        'An ISO 8601 date or date-time that exists in the calendar. A zone is `Z`, `±hh:mm` or `±hhmm`.',
    });
}

/** A calendar date without a time. */
export function dateOfBirth() {
  return text()
    .refine((value) => value.length === 10 && isCalendarDate(value), {
      error: 'must be a date YYYY-MM-DD that exists in the calendar',
    })
    .meta({
      ...exactly(10),
      format: 'date',
      pattern: undefined,
      example: '1980-04-01',
      description: 'A date `YYYY-MM-DD` that exists in the calendar.',
    });
}

const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/** The caller's idempotency key. Spaces count, because they are printable ASCII. */
export function idempotencyKey() {
  // The rule is stricter than that of any text, so its message is the one to show.
  return storableText()
    .regex(IDEMPOTENCY_KEY, { error: 'must be 1 to 255 printable ASCII characters' })
    .meta({
      minLength: 1,
      maxLength: 255,
      pattern: IDEMPOTENCY_KEY.source,
      example: 'unique-order-key-123',
      description:
        'Prevents a duplicate order. 1 to 255 printable ASCII characters, unique within the organization, compared byte for byte, kept as long as its order.',
    });
}
