import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Font, Subset } from '@pdf-lib/fontkit';
import type { PDFDocument, PDFFont } from 'pdf-lib';
// fontkit's shaping of Indic scripts leans on a global that this defines.
import 'regenerator-runtime/runtime.js';

/**
 * What writes the characters that PDF's own fonts lack, in the order in which they are asked: Latin,
 * Greek, Cyrillic, Arabic and Hebrew; Devanagari; Chinese and Japanese. All are free (the fonts'
 * Bitstream Vera licence and the SIL Open Font License).
 */
const FILES = [
  'dejavu-fonts-ttf/ttf/DejaVuSans.ttf',
  '@expo-google-fonts/noto-sans-devanagari/400Regular/NotoSansDevanagari_400Regular.ttf',
  '@expo-google-fonts/chocolate-classical-sans/400Regular/ChocolateClassicalSans_400Regular.ttf',
];

/** How many texts of a document are kept in shape: more than one has that isn't meant to harm. */
const KEPT_TEXTS = 1_000;

/** A font that can be put into documents. */
export interface FontFace {
  has(codePoint: number): boolean;
  /** Puts the characters of it that the document will use into the document. */
  embed(pdf: PDFDocument): Promise<PDFFont>;
}

/** The fonts of the process: each is read and parsed once, when the first document asks for it. */
export interface FontLibrary {
  /** How many there are. */
  readonly size: number;
  /** @param index from 0, in the order in which fonts are asked for a character. */
  face(index: number): Promise<FontFace>;
}

/** Makes a library that has read nothing yet, so that a start doesn't wait for fonts. */
export function createFontLibrary(): FontLibrary {
  const faces = new Map<number, Promise<FontFace>>();
  return {
    size: FILES.length,
    async face(index) {
      const known = faces.get(index);
      if (known !== undefined) return await known;
      const loading = load(FILES[index] ?? '');
      faces.set(index, loading);
      return await loading;
    },
  };
}

async function load(file: string): Promise<FontFace> {
  const bytes = await readFile(createRequire(import.meta.url).resolve(file));
  // Half a second of code that an order in plain Latin letters never needs.
  const { default: fontkit } = await import('@pdf-lib/fontkit');
  const parsed = fontkit.create(bytes);
  return {
    has: (codePoint) => parsed.hasGlyphForCodePoint(codePoint),
    async embed(pdf) {
      pdf.registerFontkit({ create: () => viewOf(parsed) });
      return await pdf.embedFont(bytes, { subset: true });
    },
  };
}

/**
 * A parsed font as one document sees it. fontkit remembers with each glyph the characters that first
 * led to it, and pdf-lib writes them down as the glyph's text. That memory is a document's own here;
 * else the same document would come out different after other ones. The parsed tables are shared.
 */
function viewOf(parsed: Font): Font {
  const view = Object.create(parsed, { _glyphs: { value: {} } }) as Font;
  view.createSubset = () => withLongOffsets(parsed.createSubset.call(view));
  const shaped = new Map<string, ReturnType<Font['layout']>>();
  // pdf-lib shapes a text to measure it and once more to write it, and shaping is what costs.
  view.layout = (text) => {
    const run = shaped.get(text) ?? parsed.layout.call(view, text);
    if (shaped.size < KEPT_TEXTS) shaped.set(text, run);
    return run;
  };
  return view;
}

/** What fontkit's subset of a TrueType font holds while it is written. */
interface GlyphTable {
  readonly loca: { version?: 0 | 1 };
  _addGlyph(id: number): number;
}

/**
 * Makes a subset write where its glyphs stand in long form. In the short one, which fontkit takes for
 * small subsets, it keeps half of each offset: behind a glyph of odd length nothing would be found.
 */
function withLongOffsets(subset: Subset): Subset {
  const table = subset as unknown as GlyphTable;
  const add = table._addGlyph.bind(table);
  table._addGlyph = (id) => {
    table.loca.version = 1;
    return add(id);
  };
  return subset;
}
