import * as fc from 'fast-check';
import type { Language } from '../../src/http/docs/assets/samples.js';

/** Texts that would end a text of some language, or run as a command inside one. */
const HOSTILE = [
  `'; touch ran; '`,
  `"; throw new Error('ran'); "`,
  '`touch ran` $(touch ran) ${HOME} $HOME %HOME% %s %d {0} !!',
  `""" + exit(1) + """ ''' # // /* */`,
  `\`+panic("ran")+\``,
  'a\\',
  '\\\\" \\n \\x41 \\u0041 \\U00000041 \\0',
  'lines\nand\r\nmore\rof them\t\v\f\b\x1b\x7f\x85\u2028\u2029',
  '\uFEFFmark \uFEFF` inside\uFEFF',
  'é ß 漢 😀 \u{10FFFF} \u202E',
  'half a pair: \ud800',
  '</script><script>alert(1)</script><!-- ]]>',
  '@/etc/passwd',
  '--next --output ran',
];
/** The same texts in every run. A shell has no character U+0000 in an argument. */
const RANDOM = fc
  .sample(fc.string({ unit: 'binary', maxLength: 30 }), { numRuns: 30, seed: 20 })
  .map((value) => value.replaceAll('\0', ''));
const TEXTS = [...HOSTILE, ...RANDOM];

const json = (value: unknown) => JSON.stringify(value, null, 2);
const BODIES = [
  ...TEXTS.filter((value) => value !== ''),
  ...TEXTS.map((value) => json({ [value]: value, list: [value, 1.5, true, false, null, [], {}] })),
  '{"__proto__": {"a": 1}}',
  '{"\\u005f_proto__": 1}',
  '{"a": 1, "a": 2}',
  '[12345678901234567890, 1.0, 1e400, -0, 1E5]',
  '{"a": "\\ud800"}',
  '{"a": nul',
  'null',
  '"text"',
];
/** A browser sends printable characters in a header, without spaces around them. */
const KEYS = TEXTS.map((value) => value.replaceAll(/[^\x20-\x7e]/g, '').trim() || 'key');

/** A browser sends half a surrogate pair as U+FFFD. */
const asSent = (value: string) => Buffer.from(value).toString();

/** What a form sends with each body. */
export const TYPED = BODIES.map((body, index) => {
  const key = KEYS[index % KEYS.length] ?? '';
  const typed = asSent(TEXTS[index % TEXTS.length] ?? '');
  const query = new URLSearchParams({ typed });
  const url = `/${encodeURIComponent(typed)}-?${query.toString()}`;
  return { url, key, body };
});

/** One program that does what each of the programs does. */
export function joined(language: Language, programs: readonly string[]): string {
  if (language === 'javascript') return programs.map((each) => `{\n${each}}\n`).join('');
  if (language !== 'go') return programs.join('\n');
  const main = 'func main()';
  const [head = ''] = programs[0]?.split(main) ?? [];
  const functions = programs.map((each, index) =>
    each.slice(each.indexOf(main)).replace(main, `func send${index}()`),
  );
  const calls = programs.map((_, index) => `\tsend${index}()\n`).join('');
  return `${head}${functions.join('\n')}\n${main} {\n${calls}}\n`;
}

/** Whether a body arrived as it was typed. JSON may be written in another way, and means the same. */
export function isSameBody(typed: string, sent: string | undefined): boolean {
  const body = asSent(typed);
  return sent === body || (compact(body) !== undefined && compact(sent ?? '') === compact(body));
}

/** JSON without the differences that its readers do not see; undefined for another text. */
function compact(body: string): string | undefined {
  // A number that JavaScript does not keep has to arrive as it was typed.
  if (/\d{17}|1e400|-0|"a": 2/.test(body)) return undefined;
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return undefined;
  }
}
