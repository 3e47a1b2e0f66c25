import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { CliContext } from './context.ts';

/** The value of a table cell or field. */
export type Cell = string | number | boolean | Date | null | readonly string[];

/** Tables have no borders, so that users can copy a row as plain text. */
const NO_LINES = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid', 'middle']
    .flatMap((name) => [name, `${name}-mid`, `${name}-left`, `${name}-right`])
    .map((name) => [name, '']),
);

/**
 * Prints a table, or `none` when there are no rows. A table that is wider than the terminal is printed as one block of
 * fields for each row, as psql does; a pipe always gets one line for each row.
 */
export function printTable(
  { stdout }: Pick<CliContext, 'stdout'>,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
): void {
  if (rows.length === 0) {
    stdout.write('none\n');
    return;
  }
  const table = new Table({
    head: head.map((name) => name.toUpperCase()),
    chars: NO_LINES,
    style: {
      'padding-left': 0,
      'padding-right': 2,
      head: stdout.isTTY === true ? ['bold'] : [],
      border: [],
    },
  });
  table.push(...rows.map((row) => row.map(show)));
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const { isTTY, columns = Infinity } = stdout;
  if (isTTY === true && lines.some((line) => stripVTControlCharacters(line).length > columns)) {
    return rows.forEach((row, number) => {
      if (number > 0) stdout.write('\n');
      printFields({ stdout }, Object.fromEntries(head.map((name, n) => [name, row[n] ?? null])));
    });
  }
  stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Prints one row of a table whose rows become known one after the other. */
export function printRow(
  { stdout }: CliContext,
  cells: readonly { readonly value: Cell; readonly width: number }[],
): void {
  stdout.write(
    `${cells
      .map(({ value, width }) => show(value).padEnd(width))
      .join('  ')
      .trimEnd()}\n`,
  );
}

/** Prints one object, one line per field. */
export function printFields(
  { stdout }: Pick<CliContext, 'stdout'>,
  fields: Readonly<Record<string, Cell>>,
): void {
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  for (const [name, value] of Object.entries(fields)) {
    stdout.write(`${name.padEnd(width)}  ${show(value)}\n`);
  }
}

/** Prints one JSON document, for scripts. Times are RFC 3339 in UTC. */
export function printJson({ stdout }: CliContext, value: object): void {
  stdout.write(`${escapeControls(JSON.stringify(value, null, 2), true)}\n`);
}

/** Escapes characters that could control the terminal, because ids and names come from other systems. */
function printable(text: string): string {
  return escapeControls(text, false);
}

function show(value: Cell): string {
  if (value === null) return '-';
  if (value instanceof Date) return value.toISOString().replace(/\.\d{3}Z$/, 'Z');
  if (typeof value === 'object') return printable(value.join(' '));
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return printable(String(value));
}

/** Escapes control characters, and characters that change the direction of text (Unicode, UAX 9). */
function escapeControls(text: string, keepLines: boolean): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    keepLines && character === '\n'
      ? character
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
