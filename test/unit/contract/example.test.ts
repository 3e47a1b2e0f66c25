import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { exampleText } from '../../support/example.ts';

it('keeps the published example byte for byte, so that no formatter rewrites it', () => {
  expect(createHash('sha256').update(exampleText()).digest('hex')).toBe(
    'd6f25851b326e498220049a7ecbb125d300185ffa623c1cfd898d6c33bda1477',
  );
});
