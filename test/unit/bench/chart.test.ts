import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { drawChart, type Results } from '../../../bench/support/draw-chart.ts';

const read = (file: string) =>
  readFileSync(new URL(`../../../docs/${file}`, import.meta.url), 'utf8');
const results = JSON.parse(read('performance.json')) as Results;

it('is drawn from the results that the documentation has', () => {
  expect(read('performance.svg')).toBe(drawChart(results));
});

it('has a panel for each part that ran, and no bar without a figure', () => {
  const figures = { perSecond: { median: 50, least: 40, most: 60 } };
  const chart = drawChart({ accept: { figures: { ours: figures } } });
  expect(chart.match(/class="title"/g)).toHaveLength(1);
  expect(chart.match(/class="ours"/g)).toHaveLength(1);
  expect(chart).toContain('>50</text>');
});
