import { describe, expect, it } from 'vitest';
import { findInvisible, isBlank } from '../../../src/contract/invisible-characters.ts';

describe('isBlank', () => {
  it.each([
    '',
    ' \t\r\n\u00a0\u2003\u3000',
    '\u200b',
    '\ufeff',
    '\u200d\u200c\u2060',
    '\u00ad',
    '\u202e\u2066\u200f\u061c',
    '\u3164\u115f\u1160\uffa0',
    '\u2800',
    '\u180e\u034f\ufe0f\u{e0100}\u{e0041}',
    ' \u200b ',
  ])('is true for %j', (text) => {
    expect(isBlank(text)).toBe(true);
  });

  it.each(['a', ' \u200ba', '0', '.', '👩', '\0', '\u0007', '\u0301', '\ufffc'])(
    'is false for %j',
    (text) => {
      expect(isBlank(text)).toBe(false);
    },
  );
});

describe('findInvisible', () => {
  it.each([
    ['Jo\u200bhn', 'U+200B ZERO WIDTH SPACE'],
    ['\ufeffJohn', 'U+FEFF ZERO WIDTH NO-BREAK SPACE (byte order mark)'],
    ['Smith\u00ad', 'U+00AD SOFT HYPHEN'],
    ['12\u206034', 'U+2060 WORD JOINER'],
    ['Take \u202e2 tablets', 'U+202E RIGHT-TO-LEFT OVERRIDE'],
    ['\u2066John\u2069', 'U+2066 LEFT-TO-RIGHT ISOLATE'],
    ['John\u200f', 'U+200F RIGHT-TO-LEFT MARK'],
    ['Kim\u3164', 'U+3164 HANGUL FILLER'],
    ['a\u115fb', 'U+115F HANGUL CHOSEONG FILLER'],
    ['Jo\u200dhn', 'U+200D ZERO WIDTH JOINER'],
    ['\u200cJohn', 'U+200C ZERO WIDTH NON-JOINER'],
    ['علی\u200c\u200c', 'U+200C ZERO WIDTH NON-JOINER'],
    ['an\ufe0f', 'U+FE0F (an invisible character)'],
    ['x\u{e0041}', 'U+E0041 (an invisible character)'],
    ['a\u0007b', 'U+0007 (a control character)'],
    ['a\u009fb', 'U+009F (a control character)'],
    ['a\ufffab', 'U+FFFA INTERLINEAR ANNOTATION SEPARATOR'],
  ])('names the one in %j', (text, name) => {
    expect(findInvisible(text)).toBe(name);
  });

  it.each([
    ['Latin', 'Zoë Nguyễn-O’Brien'],
    ['decomposed Latin', 'Zoe\u0308 Nguye\u0302\u0303n'],
    ['Persian', 'می‌خواهم علی‌رضا'],
    ['Hindi', 'क्‍ष रक्‍षा'],
    ['Bengali', 'র‍্যাব'],
    ['Sinhala', 'ශ්‍රී ලංකා'],
    ['Malayalam', 'അവന്‍'],
    ['Arabic with a mark of direction', 'جرعة 5\u200f mg'],
    ['Hebrew with a mark of direction', 'ת\u200eA'],
    ['Khmer with a zero width space', 'សូម\u200bលេប'],
    ['Mongolian', 'ᠮᠣᠩᠭᠣᠯ᠋ ᠠ\u180eᠠ'],
    ['Japanese with a variant of a character', '葛\u{e0100}城'],
    ['emoji', '👩‍⚕️ ❤️ 1️⃣ 👨🏽‍🚀 🏳️‍🌈'],
    ['a flag', '🏴󠁧󠁢󠁳󠁣󠁴󠁿'],
    ['white space', 'a\u00a0b\tc\r\nd\u000b\u000c\u0085e\u202ff'],
    ['nothing', ''],
  ])('accepts %s', (_what, text) => {
    expect(findInvisible(text)).toBeUndefined();
  });

  it('finds one in a long text before the test runs out of time', () => {
    expect(findInvisible('👩‍⚕️'.repeat(100_000) + '\u200b')).toBe('U+200B ZERO WIDTH SPACE');
    expect(findInvisible('x'.repeat(500_000) + '\u200b')).toBe('U+200B ZERO WIDTH SPACE');
  });
});
