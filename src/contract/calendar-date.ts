const DATE = String.raw`(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})`;
const TIME = String.raw`(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?`;
const OFFSET = String.raw`(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)`;
const DATE_OR_DATE_TIME = new RegExp(`^${DATE}(?:T${TIME}${OFFSET}?)?$`);

/**
 * A stricter form for the documentation, where days end at 28: every text that matches exists in the
 * calendar, but days 29 to 31 do not match.
 */
export const CALENDAR_DATE_PATTERN = String.raw`^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])(?:T${TIME}${OFFSET}?)?$`;

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Whether a text is an ISO 8601 date or date-time that exists in the Gregorian calendar: `YYYY-MM-DD`,
 * alone or followed by `Thh:mm`, `Thh:mm:ss` or `Thh:mm:ss.fff…`. After a time, `Z` or `±hh:mm` is
 * optional. Hours are 00 to 23. Year 0 and leap seconds are rejected.
 */
export function isCalendarDate(text: string): boolean {
  const groups = DATE_OR_DATE_TIME.exec(text)?.groups;
  if (groups === undefined) return false;
  const year = Number(groups['year']);
  const month = Number(groups['month']);
  const day = Number(groups['day']);
  return year >= 1 && day >= 1 && day <= daysIn(year, month);
}

/** The number of days in a month; 0 for a month that does not exist. */
function daysIn(year: number, month: number): number {
  const leapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leapYear ? 29 : (DAYS_OF_MONTH[month - 1] ?? 0);
}
