import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type PDFDocument, type PDFFont, type PDFPage, type RGB, StandardFonts } from 'pdf-lib';

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

/** Turns text into lines of a document. */
export interface Lettering {
  /** Breaks text into lines that are no wider than `width`, in points. */
  lines(text: string, style: Style, width: number): Promise<Line[]>;
}

/** A text in the font that writes it. */
interface Lettered {
  readonly text: string;
  readonly font: PDFFont;
}

/** Takes the place of each character that the document cannot show. DejaVu Sans has it. */
const BOX = '\u25a1';
/** The scripts that are written from left to right, one glyph after the other. */
const SHOWN_SCRIPTS =
  /[\p{scx=Latin}\p{scx=Greek}\p{scx=Cyrillic}\p{scx=Common}\p{scx=Inherited}]/u;
/** Characters without a look of their own, such as a soft hyphen. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;
/** A character with its combining marks: a line never breaks inside one. */
const CLUSTER = /.\p{M}*/gsu;

/** DejaVu Sans: Latin, Greek and Cyrillic, free under the Bitstream Vera licence. */
const FALLBACK_FONT = 'dejavu-fonts-ttf/ttf/DejaVuSans.ttf';

let fallbackBytes: Promise<Uint8Array> | undefined;

/**
 * Makes the lettering of a document. PDF's own Helvetica writes what it can, because it costs neither
 * time nor bytes. A text with any other character is written in DejaVu Sans as a whole, so that a name
 * has one look. A box stands for each character outside Latin, Greek and Cyrillic.
 */
export async function createLettering(pdf: PDFDocument): Promise<Lettering> {
  const regular = await pdf.embedFont(StandardFonts.Helvetica);
  const bold = await pdf.embedFont(StandardFonts.HelveticaBold);
  const plain = new Set(regular.getCharacterSet());
  let fallback: Promise<{ font: PDFFont; characters: Set<number> }> | undefined;

  async function letter(text: string, style: Style): Promise<Lettered> {
    if (isSubset(text, plain)) return { text, font: style.bold === true ? bold : regular };
    fallback ??= embedFallback(pdf);
    const { font, characters } = await fallback;
    // Each character is looked up once: a long text has few different ones.
    const missing = [...new Set(text)].filter(
      (character) => !(SHOWN_SCRIPTS.test(character) && isSubset(character, characters)),
    );
    const boxes = new Map(
      missing.map((character) => [character, INVISIBLE.test(character) ? '' : BOX]),
    );
    return { text: text.replace(/./gsu, (character) => boxes.get(character) ?? character), font };
  }

  return {
    async lines(text, style, width) {
      const lettered = await letter(text.normalize('NFC').replace(/\s+/g, ' ').trim(), style);
      return wrap(lettered, style.size, width).map((line) =>
        typeset({ ...lettered, ...line }, style),
      );
    },
  };
}

/** Embeds the glyphs of DejaVu Sans that the document will use. */
async function embedFallback(pdf: PDFDocument) {
  fallbackBytes ??= readFile(createRequire(import.meta.url).resolve(FALLBACK_FONT));
  // Loaded late: most orders never need its half second of code.
  const { default: fontkit } = await import('@pdf-lib/fontkit');
  pdf.registerFontkit(fontkit);
  const font = await pdf.embedFont(await fallbackBytes, { subset: true });
  return { font, characters: new Set(font.getCharacterSet()) };
}

function isSubset(text: string, characters: ReadonlySet<number>): boolean {
  return [...new Set(text)].every((character) => characters.has(character.codePointAt(0)!));
}

/** Breaks between words, and inside a word that is too long for a line. */
function wrap({ text, font }: Lettered, size: number, width: number) {
  const lines: { text: string; width: number }[] = [];
  const widthOf = createWidths(font, size);
  let line = '';
  let used = 0;
  const add = (part: string, wide: number) => {
    line += part;
    used += wide;
  };
  const breakLine = () => {
    if (line !== '') lines.push({ text: line, width: used });
    line = '';
    used = 0;
  };

  // Each word but the first comes with the space before it.
  for (const word of text.split(/(?= )/)) {
    const clusters = word.match(CLUSTER) ?? [];
    const wide = clusters.reduce((sum, cluster) => sum + widthOf(cluster), 0);
    if (used + wide <= width) {
      add(word, wide);
      continue;
    }
    breakLine();
    for (const cluster of clusters) {
      if (cluster === ' ') continue;
      if (used + widthOf(cluster) > width) breakLine();
      add(cluster, widthOf(cluster));
    }
  }
  breakLine();
  return lines;
}

/** Measures each character once: a long text has few different ones. */
function createWidths(font: PDFFont, size: number): (cluster: string) => number {
  const known = new Map<string, number>();
  return (cluster) => {
    const width = known.get(cluster) ?? font.widthOfTextAtSize(cluster, size);
    known.set(cluster, width);
    return width;
  };
}

function typeset(
  { text, font, width }: Lettered & { width: number },
  { size, color }: Style,
): Line {
  return { width, draw: (page, x, y) => page.drawText(text, { x, y, size, font, color }) };
}
