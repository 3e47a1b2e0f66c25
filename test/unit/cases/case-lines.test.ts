import { expect, it } from 'vitest';
import { readCaseLine, splitLines } from '../../../src/cases/case-lines.ts';

async function lines(...chunks: string[]): Promise<(string | undefined)[]> {
  async function* bytes() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const found: (string | undefined)[] = [];
  for await (const line of splitLines(bytes())) found.push(line?.toString());
  return found;
}

it('splits lines independently of chunk boundaries', async () => {
  expect(await lines('a', 'b\nc', '\n', '\nd\r\ne')).toEqual(['ab', 'c', '', 'd\r', 'e']);
  expect(await lines('a\n')).toEqual(['a']);
  expect(await lines()).toEqual([]);
});

it('drops a line that is too long, and continues with the next', async () => {
  const half = 'x'.repeat(600_000);
  expect(await lines('a\n', half, half, half, '\nb')).toEqual(['a', undefined, 'b']);
  expect(readCaseLine(undefined)).toEqual({ kind: 'fault', rule: 'must be at most 1048576 bytes' });
});
