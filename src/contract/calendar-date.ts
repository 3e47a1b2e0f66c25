const DATE = String.raw`(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})`;
const TIME = String.raw`(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?`;
const OFFSET = String.raw`(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)`;
const DATE_OR_DATE_TIME = new RegExp(`^${DATE}(?:T(?<time>${TIME})(?<offset>${OFFSET})?)?$`);

/**
 * A stricter form for the documentation, where days end at 28: every text that matches exists in the
 * calendar, but days 29 to 31 do not match.
 */
export const CALENDAR_DATE_PATTERN = String.raw`^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])(?:T${TIME}${OFFSET}?)?$`;

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Whether a text is an ISO 8601 date or date-time that exists in the Gregorian calendar: `YYYY-MM-DD`,
 * alone or followed by `Thh:mm`, `Thh:mm:ss` or `Thh:mm:ss.fff…`. After a time, a zone is
 * optional: `Z`, `±hh:mm` or `±hhmm`. Hours are 00 to 23. Year 0 and leap seconds are rejected.
 */
export function isCalendarDate(text: string): boolean {
  const groups = DATE_OR_DATE_TIME.exec(text)?.groups;
  if (groups === undefined) return false;
  const year = Number(groups['year']);
  const month = Number(groups['month']);
  const day = Number(groups['day']);
  return year >= 1 && day >= 1 && day <= daysIn(year, month);
}

const BEFORE_ZONE = new RegExp(`^${DATE}T${TIME}`);

/** Whether a text is a date-time up to its zone, which has another form than those of {@link isCalendarDate}. */
export function hasUnknownZone(text: string): boolean {
  const [dateTime] = BEFORE_ZONE.exec(text) ?? [];
  return dateTime !== undefined && isCalendarDate(dateTime) && !isCalendarDate(text);
}

/** The number of days in a month; 0 for a month that does not exist. */
function daysIn(year: number, month: number): number {
  const leapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leapYear ? 29 : (DAYS_OF_MONTH[month - 1] ?? 0);
}

const DAY_SECONDS = 86_400;

/**
 * Whether a date is later than another. Two date-times with zones are compared as instants. Otherwise
 * their days are compared, and one day later still passes, because the same moment can be the next day in
 * another zone.
 *
 * @param date a text that {@link isCalendarDate} accepts, and so is `other`.
 */
export function isLater(date: string, other: string): boolean {
  const [a, b] = [momentOf(date), momentOf(other)];
  if (a.offset === undefined || b.offset === undefined) return a.day > b.day + DAY_SECONDS;
  const [first, second] = [a.day + a.seconds - a.offset, b.day + b.seconds - b.offset];
  return first === second ? a.fraction > b.fraction : first > second;
}

/** A date as seconds since 1970: the start of its day, the time of the day, and the zone's offset. */
function momentOf(text: string) {
  const { year, month, day, time, offset } = DATE_OR_DATE_TIME.exec(text)?.groups ?? {};
  // `Date.UTC` would read the years 0 to 99 as 1900 to 1999.
  const start = new Date(0).setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const [hours = '0', minutes = '0', seconds = '0', fraction = ''] = time?.split(/[:.]/) ?? [];
  return {
    day: start / 1_000,
    seconds: (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds),
    // Fractions compare as texts, to the last digit, once they have no zeros at the end.
    fraction: fraction.replace(/0+$/, ''),
    offset: offset === undefined ? undefined : offsetSeconds(offset),
  };
}

/** The seconds by which a zone is ahead of UTC. */
function offsetSeconds(offset: string): number {
  if (offset === 'Z') return 0;
  const [hours, minutes] = [offset.slice(1, 3), offset.slice(-2)];
  return (offset.startsWith('-') ? -60 : 60) * (Number(hours) * 60 + Number(minutes));
}
