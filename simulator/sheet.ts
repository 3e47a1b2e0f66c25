import { PDFDocument, type PDFFont, type PDFPage, rgb, StandardFonts } from 'pdf-lib';

/** A PDF document that is written from top to bottom. */
export interface Sheet {
  section(title: string): void;
  /** A label and its value; nothing for an empty value. */
  row(label: string, value: string): void;
  finish(): Promise<Uint8Array>;
}

/** US letter, in points. */
const WIDTH = 612;
const HEIGHT = 792;
const MARGIN = 54;
const VALUE_X = MARGIN + 130;
const BOTTOM = MARGIN + 24;

const INK = rgb(0.13, 0.15, 0.2);
const PALE = rgb(0.42, 0.45, 0.5);
const RULE = rgb(0.82, 0.84, 0.87);
const WARNING = rgb(0.7, 0.08, 0.08);
const WARNING_GROUND = rgb(1, 0.92, 0.92);

/**
 * Begins a document. The same calls give the same bytes: nothing in it comes from the clock or
 * from chance.
 *
 * @param options.banner stands on every page, as does the footer with the page's number.
 * @param options.at the document's date.
 */
export async function createSheet(options: {
  title: string;
  subtitle: string;
  banner: string;
  footer: string;
  at: Date;
}): Promise<Sheet> {
  const pdf = await PDFDocument.create({ updateMetadata: false });
  pdf.setTitle(`${options.title} (${options.banner})`);
  pdf.setProducer('Pharmacy simulator');
  pdf.setCreationDate(options.at);
  pdf.setModificationDate(options.at);
  const regular = await pdf.embedFont(StandardFonts.Helvetica);
  const bold = await pdf.embedFont(StandardFonts.HelveticaBold);
  const known = new Set(regular.getCharacterSet());

  let page: PDFPage;
  let y = 0;

  function write(text: string, x: number, size: number, font: PDFFont, color = INK): void {
    page.drawText(text, { x, y, size, font, color });
  }

  function startPage(): void {
    page = pdf.addPage([WIDTH, HEIGHT]);
    page.drawRectangle({ x: 0, y: HEIGHT - 34, width: WIDTH, height: 34, color: WARNING_GROUND });
    y = HEIGHT - 22;
    write(
      options.banner,
      (WIDTH - bold.widthOfTextAtSize(options.banner, 12)) / 2,
      12,
      bold,
      WARNING,
    );
    y = HEIGHT - MARGIN - 22;
  }

  function need(height: number): void {
    if (y - height < BOTTOM) startPage();
  }

  startPage();
  write(printable(options.title, known), MARGIN, 20, bold);
  y -= 18;
  write(printable(options.subtitle, known), MARGIN, 10, regular, PALE);
  y -= 8;

  return {
    section(title) {
      need(60);
      y -= 24;
      const [line = ''] = wrap(printable(title, known), bold, 12, WIDTH - 2 * MARGIN);
      write(line, MARGIN, 12, bold);
      y -= 6;
      page.drawLine({
        start: { x: MARGIN, y },
        end: { x: WIDTH - MARGIN, y },
        thickness: 0.75,
        color: RULE,
      });
      y -= 4;
    },
    row(label, value) {
      if (value.trim() === '') return;
      const lines = wrap(printable(value, known), regular, 10.5, WIDTH - MARGIN - VALUE_X);
      const [shortLabel = ''] = wrap(printable(label, known), regular, 9, VALUE_X - MARGIN - 8);
      for (const [index, line] of lines.entries()) {
        need(14);
        y -= 14;
        if (index === 0) write(shortLabel, MARGIN, 9, regular, PALE);
        write(line, VALUE_X, 10.5, regular);
      }
      y -= 2;
    },
    async finish() {
      const pages = pdf.getPages();
      for (const [index, each] of pages.entries()) {
        page = each;
        y = MARGIN - 20;
        const footer = `${options.footer} - page ${index + 1} of ${pages.length}`;
        write(printable(footer, known), MARGIN, 8, regular, PALE);
      }
      return await pdf.save();
    },
  };
}

/** Text on one line in characters that the font has: a question mark stands for any other. */
function printable(text: string, known: ReadonlySet<number>): string {
  return [...text.normalize('NFC').replace(/\s+/g, ' ')]
    .map((character) => (known.has(character.codePointAt(0) ?? -1) ? character : '?'))
    .join('');
}

/** Breaks text into lines of a width: between words, and inside one that is too long for a line. */
function wrap(text: string, font: PDFFont, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.trim().split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (font.widthOfTextAtSize(longer, size) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = '';
    for (const character of word) {
      if (font.widthOfTextAtSize(line + character, size) > width) {
        lines.push(line);
        line = '';
      }
      line += character;
    }
  }
  return [...lines, line];
}
