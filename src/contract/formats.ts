import { isCalendarDate } from './calendar-date.ts';
import { requiredText, text } from './fields.ts';

/* The values that have a format of their own: the second table of place-order.md. */

// biome-ignore format: grouped as the contract names them.
const STATES = [
  'AL', 'AK', 'AZ', 'AR', 'CA', 'CO', 'CT', 'DE', 'FL', 'GA', 'HI', 'ID', 'IL', 'IN', 'IA', 'KS',
  'KY', 'LA', 'ME', 'MD', 'MA', 'MI', 'MN', 'MS', 'MO', 'MT', 'NE', 'NV', 'NH', 'NJ', 'NM', 'NY',
  'NC', 'ND', 'OH', 'OK', 'OR', 'PA', 'RI', 'SC', 'SD', 'TN', 'TX', 'UT', 'VT', 'VA', 'WA', 'WV',
  'WI', 'WY',
  'DC',
  'PR', 'VI', 'GU', 'AS', 'MP',
  'AA', 'AE', 'AP',
];
const STATE = new RegExp(`^(?:${STATES.join('|')})$`);

/** A state, the District of Columbia, a territory or a military code; upper case only. */
export function state() {
  return requiredText().regex(STATE, { error: 'must be a valid US state abbreviation' });
}

/** Two letters, given out in upper case. */
export function country() {
  return requiredText()
    .regex(/^[A-Za-z]{2}$/, { error: 'must be exactly 2 letters', abort: true })
    .toUpperCase();
}

/** A five-digit ZIP code. */
export function postalCode() {
  return requiredText().regex(/^[0-9]{5}$/, { error: 'must be exactly 5 digits' });
}

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const TOP_LEVEL = '[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]';
/** RFC 5321's dot-atom form and length limits; no quoted names, no address literals. */
const EMAIL = new RegExp(
  `^(?=[^@]{1,64}@)(?=.{1,254}$)${ATOM}(?:\\.${ATOM})*@(?:${LABEL}\\.)+${TOP_LEVEL}$`,
);

/** An email address as people have them. */
export function email() {
  return requiredText().regex(EMAIL, { error: 'must be a valid email address' });
}

/** Separators may stand anywhere behind the `+`; no numbering plan is checked (place-order.md). */
const PHONE_NUMBER = /^\+?[ .()-]*(?:[0-9][ .()-]*){7,15}$/;

/** A phone number: an optional `+`, 7 to 15 digits, spaces, dots, hyphens and parentheses. */
export function phoneNumber() {
  return requiredText().regex(PHONE_NUMBER, { error: 'must be a valid phone number' });
}

/** A date of the prescription; see {@link isCalendarDate}. */
export function date() {
  return text().refine(isCalendarDate, {
    error: 'must be an ISO 8601 date that exists in the calendar',
  });
}

/** A day of the calendar, without a time. */
export function dateOfBirth() {
  return text().refine((value) => value.length === 10 && isCalendarDate(value), {
    error: 'must be a date YYYY-MM-DD that exists in the calendar',
  });
}

/** The caller's key against duplicates; spaces are printable ASCII and count. */
export function idempotencyKey() {
  return text().regex(/^[\x20-\x7e]{1,255}$/, {
    error: 'must be 1 to 255 printable ASCII characters',
  });
}
