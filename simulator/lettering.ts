import { type PDFDocument, type PDFFont, type PDFPage, type RGB, StandardFonts } from 'pdf-lib';
import type { FontLibrary } from './fonts.ts';

/** How a text looks. */
export interface Style {
  /** In points. */
  readonly size: number;
  readonly color: RGB;
  readonly bold?: boolean;
}

/** One line of text, ready to be drawn. */
export interface Line {
  /** In points. */
  readonly width: number;
  draw(page: PDFPage, x: number, y: number): void;
}

/** Turns text in any script into lines of a document. */
export interface Lettering {
  /** Breaks text into lines that are no wider than this, in points. */
  lines(text: string, style: Style, width: number): Promise<Line[]>;
}

/** A part of a line in one font, and in one direction. */
interface Run {
  text: string;
  readonly font: PDFFont;
  readonly rightToLeft: boolean;
}

/** What the reader sees as one character, with the font that has it. */
interface Sign {
  readonly text: string;
  readonly font: PDFFont;
}

/** Stands for what no font has. The first font of the library has it. */
const REPLACEMENT = '\u25a1';
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;
/** Spaces, punctuation and digits: letters of no script. */
const COMMON = /^[\p{Script=Common}\p{Script=Inherited}]+$/u;
/** Left out where a font doesn't have it; it has no look of its own. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;
/**
 * A character with its marks, or several that an invisible joiner makes one. Not Intl.Segmenter: it
 * copies the whole text for each part, which a text of a megabyte doesn't survive.
 */
const CLUSTER =
  /.(?:[\p{M}\p{Emoji_Modifier}\p{Default_Ignorable_Code_Point}]|(?<=\u200d)\p{Extended_Pictographic})*/gsu;

/**
 * Makes the lettering of a document. PDF's own Helvetica writes what it can, since it costs neither
 * time nor bytes; a text with any other character is written in the fonts of the library, as a whole,
 * so that a name has one look.
 */
export async function createLettering(pdf: PDFDocument, library: FontLibrary): Promise<Lettering> {
  const regular = await pdf.embedFont(StandardFonts.Helvetica);
  const bold = await pdf.embedFont(StandardFonts.HelveticaBold);
  const plain = new Set(regular.getCharacterSet());
  const embedded = new Map<number, Promise<PDFFont>>();

  async function embed(index: number): Promise<PDFFont> {
    const known = embedded.get(index);
    if (known !== undefined) return await known;
    const embedding = library.face(index).then((face) => face.embed(pdf));
    embedded.set(index, embedding);
    return await embedding;
  }

  /** The first font that has all of it; `first` is asked before the others. */
  async function findFont(cluster: string, first: number): Promise<number | undefined> {
    const order = [first, ...Array(library.size).keys()];
    for (const index of order) {
      const face = await library.face(index);
      if (codePoints(cluster).every((each) => face.has(each) || isInvisible(each))) return index;
    }
    return undefined;
  }

  async function toSigns(text: string, style: Style): Promise<Sign[]> {
    if (codePoints(text).every((each) => plain.has(each))) {
      const font = style.bold === true ? bold : regular;
      return [...text].map((character) => ({ text: character, font }));
    }
    const signs: Sign[] = [];
    const found = new Map<string, number | undefined>();
    let last = 0;
    for (const cluster of text.match(CLUSTER) ?? []) {
      // A space between two words stays in their font: fewer runs, and no seam in a name.
      const key = COMMON.test(cluster) ? `${cluster}${last}` : cluster;
      if (!found.has(key)) found.set(key, await findFont(cluster, COMMON.test(cluster) ? last : 0));
      const index = found.get(key);
      if (index !== undefined) last = index;
      const face = await library.face(index ?? 0);
      const shown = codePoints(index === undefined ? REPLACEMENT : cluster)
        .filter((each) => face.has(each))
        .map((each) => String.fromCodePoint(each));
      if (shown.length > 0) signs.push({ text: shown.join(''), font: await embed(index ?? 0) });
    }
    return signs;
  }

  return {
    async lines(text, style, width) {
      const signs = await toSigns(text.normalize('NFC').replace(/\s+/g, ' ').trim(), style);
      return wrap(signs, style, width).map((each) => typeset(each, style));
    },
  };
}

/** Breaks between words, and inside one that is too long for a line. */
function wrap(signs: readonly Sign[], style: Style, width: number): Sign[][] {
  const lines: Sign[][] = [];
  let line: Sign[] = [];
  let used = 0;

  function add(part: readonly Sign[], wide: number): void {
    for (const sign of part) line.push(sign);
    used += wide;
  }
  function breakLine(): void {
    if (line.length > 0) lines.push(line);
    line = [];
    used = 0;
  }

  const widthOfSign = createSignWidths(style);
  for (const word of toWords(signs)) {
    const wide = word.length > MAX_SIGNS ? width + 1 : widthOf(word, style);
    if (used + wide <= width) {
      add(word, wide);
      continue;
    }
    breakLine();
    for (const sign of word) {
      if (sign.text === ' ') continue;
      const more = widthOfSign(sign);
      if (used + more > width) breakLine();
      add([sign], more);
    }
  }
  breakLine();
  return lines;
}

/** More characters than fit on any line; no such word is measured as a whole. */
const MAX_SIGNS = 1_000;

/** Measures characters, each once: a long text without spaces has few different ones. */
function createSignWidths(style: Style): (sign: Sign) => number {
  const known = new Map<PDFFont, Map<string, number>>();
  return ({ text, font }) => {
    const ofFont = known.get(font) ?? new Map<string, number>();
    known.set(font, ofFont);
    const width = ofFont.get(text) ?? font.widthOfTextAtSize(text, style.size);
    ofFont.set(text, width);
    return width;
  };
}

/** Words, each but the first with the space before it. */
function toWords(signs: readonly Sign[]): Sign[][] {
  const words: Sign[][] = [[]];
  for (const sign of signs) {
    if (sign.text === ' ') words.push([]);
    words.at(-1)?.push(sign);
  }
  return words;
}

function widthOf(signs: readonly Sign[], style: Style): number {
  return toRuns(signs).reduce(
    (sum, { font, text }) => sum + font.widthOfTextAtSize(text, style.size),
    0,
  );
}

function typeset(signs: readonly Sign[], { size, color }: Style): Line {
  const runs = inVisualOrder(toRuns(signs)).map(({ text, font }) => ({
    text,
    font,
    width: font.widthOfTextAtSize(text, size),
  }));
  return {
    width: runs.reduce((sum, run) => sum + run.width, 0),
    draw(page, x, y) {
      let left = x;
      for (const { text, font, width } of runs) {
        page.drawText(text, { x: left, y, size, font, color });
        left += width;
      }
    },
  };
}

/** What has one font and one direction is shaped together; spaces between Arabic words belong to them. */
function toRuns(signs: readonly Sign[]): Run[] {
  const runs: Run[] = [];
  for (const [index, { text, font }] of signs.entries()) {
    const last = runs.at(-1);
    const next = signs[index + 1]?.text ?? '';
    const rightToLeft =
      RIGHT_TO_LEFT.test(text) ||
      (text === ' ' && last?.rightToLeft === true && RIGHT_TO_LEFT.test(next));
    if (last?.font === font && last.rightToLeft === rightToLeft) last.text += text;
    else runs.push({ text, font, rightToLeft });
  }
  return runs;
}

/**
 * The order on paper, from the left. Lines begin at the left; in them, a sequence of runs from right
 * to left, with no letters of another direction inside, stands reversed (the Unicode bidirectional
 * algorithm for a line without marks of direction).
 */
function inVisualOrder(runs: readonly Run[]): Run[] {
  const ordered: Run[] = [];
  let start = 0;
  while (start < runs.length) {
    let end = start + 1;
    if (runs[start]?.rightToLeft === true) {
      for (let at = end; at < runs.length; at += 1) {
        const run = runs[at];
        if (run?.rightToLeft === true) end = at + 1;
        else if (!COMMON.test(run?.text ?? '')) break;
      }
    }
    ordered.push(...runs.slice(start, end).reverse());
    start = end;
  }
  return ordered;
}

function isInvisible(codePoint: number): boolean {
  return INVISIBLE.test(String.fromCodePoint(codePoint));
}

function codePoints(text: string): number[] {
  return [...text].map((character) => character.codePointAt(0) ?? 0);
}
