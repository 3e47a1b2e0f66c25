import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, ITEM, storedText, withValue } from '../support/order-text.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../support/test-api.ts';

/* Bodies that are nearly JSON. `broken-bodies.test.ts` has the plainly broken ones. */

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

describe('a body that is nearly JSON is refused, and no order is stored:', () => {
  const EXAMPLE = JSON.stringify(exampleWithoutKey());
  it.each<[what: string, body: string | Buffer]>([
    ['blank', ' \r\n\t'],
    ['a trailing comma', EXAMPLE.replace(/\}$/, ',}')],
    ['a line comment', `// an order\n${EXAMPLE}`],
    ['a block comment', EXAMPLE.replace('{', '{/* an order */')],
    ['single quotes', EXAMPLE.replaceAll('"', "'")],
    ['keys without quotes', EXAMPLE.replaceAll(/"(\w+)":/g, '$1:')],
    ['garbage after it', `${EXAMPLE}x`],
    ['NUL after it', `${EXAMPLE}\0`],
    ['a second order after it', `${EXAMPLE}\n${EXAMPLE}`],
    ['NaN', withValue('order.diagnosis', 'NaN')],
    ['Infinity', withValue('order.diagnosis', '-Infinity')],
    ['a number with a leading zero', withValue(`${ITEM}.supplyDays`, '030')],
    ['a hexadecimal number', withValue(`${ITEM}.supplyDays`, '0x1e')],
    ['a line feed in a text', withValue('order.diagnosis', '"a\nb"')],
    ['an unknown escape', withValue('order.diagnosis', String.raw`"\x41"`)],
    ['two byte order marks', `\ufeff\ufeff${EXAMPLE}`],
    ['UTF-16 without a byte order mark', Buffer.from(EXAMPLE, 'utf16le')],
  ])('%s', async (_what, body) => {
    await expectRefusal(api, body, 'body', 'body must be valid JSON');
  });

  it.each<[what: string, body: Buffer]>([
    ['UTF-16 with a byte order mark', Buffer.from(`\ufeff${EXAMPLE}`, 'utf16le')],
    ['a byte that is never valid in UTF-8', Buffer.concat([Buffer.from(EXAMPLE), Buffer.of(0xff)])],
    ['an overlong slash', Buffer.from(EXAMPLE.replace('Hypertension', '\xc0\xaf'), 'latin1')],
    [
      'half a surrogate pair in bytes',
      Buffer.from(EXAMPLE.replace('Dr.', '\xed\xa0\x80'), 'latin1'),
    ],
  ])('%s', async (_what, body) => {
    await expectRefusal(api, body, 'body', 'body must be UTF-8 text');
  });

  it.each([
    ['100,000 open brackets', '['.repeat(100_000)],
    ['100,000 brackets', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['65 levels in an unknown field', withValue('unknown', `${'['.repeat(64)}${']'.repeat(64)}`)],
  ])('%s', async (_what, body) => {
    await expectRefusal(api, body, 'body', 'body must not be nested deeper than 64 levels');
  });
});

it.each([
  ['a line feed after it', (text: string) => `${text}\n`],
  ['white space around it', (text: string) => `\r\n\t ${text} \r\n`],
  ['64 levels', () => withValue('unknown', `${'['.repeat(63)}${']'.repeat(63)}`)],
  [
    'every letter escaped',
    (text: string) => text.replaceAll(/"[^"]*"/g, (part) => part.replaceAll(/[a-z]/gi, escaped)),
  ],
])('a body with %s is read like one without', async (_what, change) => {
  const answer = await api.place(change(JSON.stringify(exampleWithoutKey())));

  expect(JSON.parse(await storedText(api, answer))).toEqual(exampleWithoutKey().order);
});

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
