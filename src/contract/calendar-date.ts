const DATE = String.raw`(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})`;
const TIME = String.raw`(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?`;
const OFFSET = String.raw`(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)`;
const DATE_OR_DATE_TIME = new RegExp(`^${DATE}(?:T${TIME}${OFFSET}?)?$`);

/**
 * The same, but for the lengths of months, as a regular expression for the documentation: every text
 * of this form exists in the calendar, though not every date is of it.
 */
export const CALENDAR_DATE_PATTERN = String.raw`^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])(?:T${TIME}${OFFSET}?)?$`;

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Whether a text is an ISO 8601 date, or date-time, that exists in the Gregorian calendar:
 * `YYYY-MM-DD`, alone or with `Thh:mm`, `Thh:mm:ss` or `Thh:mm:ss.fff…`, and behind a time
 * optionally `Z` or `±hh:mm`. Hours run from 00 to 23; there is no year 0 and no leap second.
 */
export function isCalendarDate(text: string): boolean {
  const groups = DATE_OR_DATE_TIME.exec(text)?.groups;
  if (groups === undefined) return false;
  const year = Number(groups['year']);
  const month = Number(groups['month']);
  const day = Number(groups['day']);
  return year >= 1 && day >= 1 && day <= daysIn(year, month);
}

/** 0 for a month that does not exist. */
function daysIn(year: number, month: number): number {
  const leapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leapYear ? 29 : (DAYS_OF_MONTH[month - 1] ?? 0);
}
