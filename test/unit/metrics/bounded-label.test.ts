import { expect, it } from 'vitest';
import { boundedLabel } from '../../../src/metrics/bounded-label.ts';

it('names the first values, and counts all others as one', () => {
  const label = boundedLabel(2);

  expect(['a', 'b', 'c', 'a', 'd'].map(label)).toEqual(['a', 'b', 'other', 'a', 'other']);
});

it('does not show a value of any length', () => {
  const label = boundedLabel(2);

  expect(label('x'.repeat(65))).toBe('other');
  expect(['a', 'b'].map(label)).toEqual(['a', 'b']);
});
