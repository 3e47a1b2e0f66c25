import { expect, it } from 'vitest';
import { commandsIn, hasShape, shapeOf } from '../../support/shown-commands.ts';

const PAGE = `
Text with \`rx order list\`.

\`\`\`console
$ rx order list --status open \\
    --limit 1
ID                                    STATUS
01a219c7-0bac-765c-8db9-01527b8087c5  PLACING

$ rx doctor
\`\`\`

   \`\`\`sh
   rx keys status      # which keys are in use
   curl http://127.0.0.1:3000
   \`\`\`
`;

it('finds commands with their output, on one line and without comments', () => {
  const [list, doctor, keys, curl] = commandsIn('page.md', PAGE);
  expect(list).toEqual({
    file: 'page.md',
    command: 'rx order list --status open --limit 1',
    output: ['ID                                    STATUS', expect.stringMatching(/PLACING$/)],
  });
  expect(doctor).toMatchObject({ command: 'rx doctor', output: undefined });
  expect(keys).toMatchObject({ command: 'rx keys status', output: undefined });
  expect(curl).toMatchObject({ command: 'curl http://127.0.0.1:3000' });
});

it('compares words, and not ids, times, numbers and widths', () => {
  expect(
    shapeOf('1  2026-11-26T21:33:23Z  order-01a219c7-0bac-765c-8db9-01527b8087c5  48 seconds ago'),
  ).toBe('N TIME order-ID AGO');
  expect(hasShape('a 1\nb 22\n', ['a   3', 'b 4'])).toBe(true);
  expect(hasShape('a 1\nb x\n', ['a   3', 'b 4'])).toBe(false);
  expect(hasShape('a 1\n', ['a 3', 'b 4'])).toBe(false);
  expect(hasShape('a 1\nb 2\n', ['a 3'])).toBe(false);
});

it('takes a line of three dots for any lines', () => {
  expect(hasShape('a\nb\nc\nd\n', ['a', '…', 'd'])).toBe(true);
  expect(hasShape('a\nd\n', ['a', '…', 'd'])).toBe(true);
  expect(hasShape('a\nb\n', ['a', '…', 'd'])).toBe(false);
});
