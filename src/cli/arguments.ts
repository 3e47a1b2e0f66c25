import { type Command, InvalidArgumentError, Option } from 'commander';
import { isCalendarDate } from '../contract/calendar-date.ts';

/** The option that every command has. */
export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document, for scripts');
}

/** Adds examples to a command's help, one per line; a line with leading spaces continues the one before. */
export function withExamples(command: Command, ...examples: readonly string[]): Command {
  const lines = examples.map((line) => (line.startsWith(' ') ? `  ${line}\n` : `  $ ${line}\n`));
  return command.addHelpText('after', `\nExamples:\n${lines.join('')}`);
}

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const LONGEST_MS = 3_650 * 86_400_000;

/** Parses a duration such as `90d`, `24h`, `30m` or `10s` into milliseconds; at most ten years. */
export function durationMs(text: string): number {
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS_MS[unit ?? ''] ?? Number.NaN);
  if (!(ms <= LONGEST_MS)) {
    throw new InvalidArgumentError('It must be a duration such as 90d, 24h, 30m or 10s.');
  }
  return ms;
}

/** Parses a future time: a duration from now, a date (midnight UTC) or an RFC 3339 time. */
export function futureTime(text: string): Date {
  const now = Date.now();
  if (/^\d+[a-z]$/.test(text)) return new Date(now + durationMs(text));
  const time = zonedTime(text);
  if (time.getTime() <= now) throw new InvalidArgumentError('It must be in the future.');
  return time;
}

/** Parses a past time: a duration before now, a date (midnight UTC) or an RFC 3339 time. */
export function pastTime(text: string): Date {
  const now = Date.now();
  if (/^\d+[a-z]$/.test(text)) return new Date(now - durationMs(text));
  const time = zonedTime(text);
  if (time.getTime() > now) throw new InvalidArgumentError('It must not be in the future.');
  return time;
}

/** Parses a date (midnight UTC) or a time with a time zone. */
function zonedTime(text: string): Date {
  const withZone = /^\d{4}-\d{2}-\d{2}(T.+(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  if (withZone && isCalendarDate(text)) return new Date(text);
  throw new InvalidArgumentError(
    'It must be a duration such as 90d, a date, or a time with a time zone such as 2027-01-31T12:00:00Z.',
  );
}

/** Parses a {@link futureTime} or `never`. It does not return null, which commander turns into ''. */
export function expiry(text: string): Date | 'never' {
  return text === 'never' ? text : futureTime(text);
}

/** Returns a parser of whole numbers in a range. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** Returns a parser of comma-separated lists, whose items must be among `choices`. */
export function listOf<T extends string>(choices: readonly T[]): (text: string) => T[] {
  return (text) => {
    const parts = [...new Set(text.split(',').map((part) => part.trim()))];
    const known = choices.filter((choice) => parts.includes(choice));
    if (known.length === parts.length) return known;
    throw new InvalidArgumentError(`It must be a comma-separated list of ${choices.join(', ')}.`);
  };
}

/** Parses a display name: one line of text that is not blank. */
export function label(text: string): string {
  if (text.trim() !== '' && text.length <= 200 && !/[\p{Cc}\p{Surrogate}]/u.test(text)) return text;
  throw new InvalidArgumentError('It must be 1 to 200 characters on one line.');
}

/** Parses `on` or `off`. */
export function onOff(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new InvalidArgumentError('It must be on or off.');
}
