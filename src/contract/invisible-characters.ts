/*
 * Characters that show nothing. They reach requests by copy and paste, and two texts that look the same
 * then differ: a drug is not found, a name is not recognized, or the order of the words on a label changes.
 */

/** White space and characters without a glyph. */
const BLANK = /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]*$/u;

/** Characters that a text may contain only where a script or an emoji needs them. */
const INVISIBLE =
  /(?!\p{White_Space})[\u0001-\u001f\u007f-\u009f\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;

const VISIBLE = String.raw`(?!\p{Default_Ignorable_Code_Point})`;

/** Scripts whose letters change their form next to a joiner, such as Persian and Hindi. */
const JOINING_SCRIPTS = [
  ...[
    'Arab',
    'Syrc',
    'Mand',
    'Nkoo',
    'Mong',
    'Phag',
    'Adlm',
    'Rohg',
    'Deva',
    'Beng',
    'Guru',
    'Gujr',
  ],
  ...[
    'Orya',
    'Taml',
    'Telu',
    'Knda',
    'Mlym',
    'Sinh',
    'Mymr',
    'Khmr',
    'Tibt',
    'Java',
    'Bali',
    'Cakm',
  ],
  ...['Kthi', 'Newa', 'Sund', 'Sylo'],
];
const JOINING = before(scripts(JOINING_SCRIPTS));
const EMOJI = before(String.raw`[\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?`);
/** Scripts that put no spaces between words, so that a zero width space shows where a line may break. */
const UNSPACED = before(scripts(['Thai', 'Laoo', 'Khmr', 'Mymr', 'Tibt', 'Lana', 'Talu', 'Tale']));
const MONGOLIAN = before(scripts(['Mong']));
const IDEOGRAPH = before(scripts(['Hani']));
const WITH_VARIANTS = before(
  String.raw`(?:[\p{Emoji}\p{S}\p{P}]|${scripts(['Hani', 'Mymr', 'Phag'])})`,
);
const FLAG = before(String.raw`\u{1f3f4}[\u{e0020}-\u{e007f}]*`);
const RIGHT_TO_LEFT =
  /(?=\p{L})[\p{scx=Hebr}\p{scx=Arab}\p{scx=Syrc}\p{scx=Thaa}\p{scx=Nkoo}\p{scx=Adlm}]/u;

/** Where each character is legitimate: the text before it, or the whole text, must match. */
const LEGITIMATE: readonly {
  readonly characters: RegExp;
  readonly after?: readonly RegExp[];
  readonly within?: RegExp;
}[] = [
  { characters: /\u200c/, after: [JOINING] },
  { characters: /\u200d/, after: [JOINING, EMOJI] },
  { characters: /\u200b/, after: [UNSPACED] },
  { characters: /[\u180b-\u180f]/, after: [MONGOLIAN] },
  { characters: /[\ufe00-\ufe0f]/, after: [WITH_VARIANTS] },
  { characters: /[\u{e0100}-\u{e01ef}]/u, after: [IDEOGRAPH] },
  { characters: /[\u{e0020}-\u{e007f}]/u, after: [FLAG] },
  { characters: /[\u200e\u200f\u061c]/, within: RIGHT_TO_LEFT },
];

/** The names of the Unicode character database. */
const NAMES: Readonly<Record<string, string>> = {
  '00AD': 'SOFT HYPHEN',
  '034F': 'COMBINING GRAPHEME JOINER',
  '061C': 'ARABIC LETTER MARK',
  '115F': 'HANGUL CHOSEONG FILLER',
  '1160': 'HANGUL JUNGSEONG FILLER',
  '17B4': 'KHMER VOWEL INHERENT AQ',
  '17B5': 'KHMER VOWEL INHERENT AA',
  '180E': 'MONGOLIAN VOWEL SEPARATOR',
  '200B': 'ZERO WIDTH SPACE',
  '200C': 'ZERO WIDTH NON-JOINER',
  '200D': 'ZERO WIDTH JOINER',
  '200E': 'LEFT-TO-RIGHT MARK',
  '200F': 'RIGHT-TO-LEFT MARK',
  '202A': 'LEFT-TO-RIGHT EMBEDDING',
  '202B': 'RIGHT-TO-LEFT EMBEDDING',
  '202C': 'POP DIRECTIONAL FORMATTING',
  '202D': 'LEFT-TO-RIGHT OVERRIDE',
  '202E': 'RIGHT-TO-LEFT OVERRIDE',
  '2060': 'WORD JOINER',
  '2061': 'FUNCTION APPLICATION',
  '2062': 'INVISIBLE TIMES',
  '2063': 'INVISIBLE SEPARATOR',
  '2064': 'INVISIBLE PLUS',
  '2066': 'LEFT-TO-RIGHT ISOLATE',
  '2067': 'RIGHT-TO-LEFT ISOLATE',
  '2068': 'FIRST STRONG ISOLATE',
  '2069': 'POP DIRECTIONAL ISOLATE',
  '3164': 'HANGUL FILLER',
  FEFF: 'ZERO WIDTH NO-BREAK SPACE (byte order mark)',
  FFA0: 'HALFWIDTH HANGUL FILLER',
  FFF9: 'INTERLINEAR ANNOTATION ANCHOR',
  FFFA: 'INTERLINEAR ANNOTATION SEPARATOR',
  FFFB: 'INTERLINEAR ANNOTATION TERMINATOR',
};

/** Whether a text shows nothing: it is empty, or has only white space and invisible characters. */
export function isBlank(text: string): boolean {
  return BLANK.test(text);
}

/**
 * Finds the first invisible character that no script and no emoji needs where it is. Joiners after
 * letters of a script that uses them, and marks of direction in a text with right-to-left letters, are
 * legitimate.
 *
 * @returns its code point and name, e.g. `U+200B ZERO WIDTH SPACE`; undefined if there is none.
 */
export function findInvisible(text: string): string | undefined {
  for (const { 0: character, index } of text.matchAll(INVISIBLE)) {
    if (!isLegitimate(character, text, index)) return nameOf(character);
  }
  return undefined;
}

function isLegitimate(character: string, text: string, index: number): boolean {
  const rule = LEGITIMATE.find(({ characters }) => characters.test(character));
  if (rule?.within?.test(text)) return true;
  // The longest sequence that decides is a flag: the emoji and up to 31 tags.
  const start = text.slice(Math.max(0, index - 64), index);
  return rule?.after?.some((pattern) => pattern.test(start)) ?? false;
}

function nameOf(character: string): string {
  const digits = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const kind = /\p{Cc}/u.test(character) ? 'a control character' : 'an invisible character';
  return `U+${digits} ${NAMES[digits] ?? `(${kind})`}`;
}

function scripts(names: readonly string[]): string {
  return `${VISIBLE}[${names.map((name) => String.raw`\p{scx=${name}}`).join('')}]`;
}

/** A pattern for the end of the text before a character. */
function before(source: string): RegExp {
  return new RegExp(`(?:${source})$`, 'u');
}
