import colors from 'picocolors';
import { z } from 'zod';

/** Writes the log of all parts of the stack to one target. */
export interface StackLog {
  /** Writes a line that a part printed. */
  line(part: string, line: string): void;
  /** Writes an event of the stack itself. */
  event(level: 'info' | 'warn' | 'error', message: string, fields?: object): void;
}

/** A target of text; `isTTY` selects the format for people. */
export interface TextOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const entrySchema = z.looseObject({
  level: z.string(),
  time: z.string(),
  part: z.string(),
  msg: z.string(),
});
type Entry = z.infer<typeof entrySchema>;

/**
 * Creates the log: one JSON line per event, or lines for people.
 *
 * @param format `json` or `pretty`; any other value means pretty on a terminal and JSON elsewhere.
 */
export function createStackLog(target: TextOutput, format: string = 'auto'): StackLog {
  const pretty = format === 'pretty' || (format !== 'json' && target.isTTY === true);
  const write = (entry: Entry) => {
    target.write(`${pretty ? render(entry) : JSON.stringify(entry)}\n`);
  };
  const now = () => new Date().toISOString();
  return {
    line(part, line) {
      // A line that is not a log event, such as a stack trace, becomes a warning.
      write(parse(line) ?? { level: 'warn', time: now(), part, msg: line });
    },
    event(level, message, fields = {}) {
      write({ level, time: now(), part: 'stack', ...fields, msg: message });
    },
  };
}

function parse(line: string): Entry | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function render({ level, time, part, msg, ...fields }: Entry): string {
  const paint = { warn: colors.yellow, error: colors.red }[level] ?? ((text: string) => text);
  const rest = Object.entries(fields).map(([name, value]) =>
    colors.dim(`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`),
  );
  const clock = new Date(time).toTimeString().slice(0, 8);
  return [colors.dim(clock), colors.cyan(part.padEnd(9)), paint(msg), ...rest].join(' ');
}
