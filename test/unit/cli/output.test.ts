import { describe, expect, it } from 'vitest';
import { printTable } from '../../../src/cli/output.ts';

const ID = '0198a000-0000-7000-8000-0000000000aa';
const HEAD = ['id', 'status', 'organization', 'created'];
const ROWS = [
  [ID, 'NEEDS_ATTENTION', ID, new Date(0)],
  [ID, 'PLACING', null, new Date(0)],
];

function printed(terminal: { isTTY: boolean; columns?: number }): string[] {
  let text = '';
  const stdout = { ...terminal, write: (part: string) => (text += part) };
  printTable({ stdout }, HEAD, ROWS);
  return text.split('\n');
}

describe('a table', () => {
  it('has one line for each row where it fits', () => {
    expect(printed({ isTTY: true, columns: 130 })).toHaveLength(4);
  });

  it('becomes a block of fields for each row on a terminal of 100 columns that it does not fit', () => {
    const lines = printed({ isTTY: true, columns: 100 });
    expect(lines.slice(0, 6)).toEqual([
      `id            ${ID}`,
      'status        NEEDS_ATTENTION',
      `organization  ${ID}`,
      'created       1970-01-01T00:00:00Z',
      '',
      `id            ${ID}`,
    ]);
  });

  it('has one line for each row in a pipe, however wide it is', () => {
    expect(printed({ isTTY: false })).toHaveLength(4);
  });
});
