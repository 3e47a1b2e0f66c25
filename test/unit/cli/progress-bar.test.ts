import { expect, it } from 'vitest';
import { createProgressBar } from '../../../src/cli/progress-bar.ts';

function target(isTTY: boolean) {
  const written: string[] = [];
  return { written, isTTY, write: (text: string) => written.push(text) };
}

it('draws the progress on a terminal, and erases itself at the end', () => {
  const terminal = target(true);
  const bar = createProgressBar(terminal);
  bar.show(0.5, '500 lines');
  bar.show(0.6, '600 lines'); // too soon to draw again
  bar.show(1, '1,000 lines');
  bar.end();
  expect(terminal.written).toEqual([
    `\r\x1b[K[${'█'.repeat(15)}${'░'.repeat(15)}]  50 % 500 lines`,
    `\r\x1b[K[${'█'.repeat(30)}] 100 % 1,000 lines`,
    '\r\x1b[K',
  ]);
});

it('shows only the count when the total is unknown', () => {
  const terminal = target(true);
  createProgressBar(terminal).show(undefined, '500 lines');
  expect(terminal.written).toEqual(['\r\x1b[K500 lines']);
});

it('shows nothing without a terminal', () => {
  const file = target(false);
  const bar = createProgressBar(file);
  bar.show(1, '1,000 lines');
  bar.end();
  expect(file.written).toEqual([]);
});
