import fontkit from '@pdf-lib/fontkit';
import { decodePDFRawStream, PDFDict, PDFDocument, PDFName, PDFRawStream } from 'pdf-lib';
import { expect, it } from 'vitest';
import { createSheet } from '../../../simulator/sheet.ts';
import { pdfText } from '../../support/pdf-text.ts';

async function write(values: string[]) {
  const sheet = await createSheet({
    title: 'Title',
    subtitle: 'Subtitle',
    banner: 'BANNER',
    footer: 'Footer',
    at: new Date('2026-01-02T03:04:05Z'),
  });
  for (const value of values) sheet.row('Row', value);
  return await sheet.finish();
}

/** The fonts that a document embeds, as fontkit reads them. */
async function carriedFonts(bytes: Uint8Array) {
  const { context } = await PDFDocument.load(bytes);
  return context.enumerateIndirectObjects().flatMap(([, object]) => {
    const file = object instanceof PDFDict ? object.get(PDFName.of('FontFile2')) : undefined;
    const stream = file === undefined ? undefined : context.lookup(file);
    if (!(stream instanceof PDFRawStream)) return [];
    return [fontkit.create(decodePDFRawStream(stream).decode())];
  });
}

it('carries no font for text that Helvetica can write', async () => {
  expect(await carriedFonts(await write(['Take one tablet – daily', 'José Größe']))).toEqual([]);
});

it('gives the same bytes whatever was written before', async () => {
  const values = ['Ελένη Παπαδοπούλου', 'Фёдор Ёжиков', '李小龍', 'Nguyễn \u00ad \u{1F9EC}'];
  const first = await write(values);
  await write(['Кириллица', 'ffi ﬃ', 'a\u00a0b', 'Ǆ ǅ', '\u2011 \u2010 -']);
  expect(Buffer.compare(await write(values), first)).toBe(0);
});

// The text of a PDF can be complete although outlines are missing.
it('carries an outline for each character', async () => {
  const text = 'ŁódźŠčžěĽőűğışțǺφωΨЖяЩ';
  const [font] = await carriedFonts(await write([text]));
  // An accent can be a glyph of its own, so there may be more of them than characters.
  const count = (font?.numGlyphs ?? 0) - 1;
  const outlines = Array.from({ length: count }, (_, index) =>
    font!.getGlyph(index + 1).path.toSVG(),
  );
  expect(new Set(outlines).size).toBeGreaterThanOrEqual(text.length);
  expect(outlines.filter((outline) => outline.length <= 20)).toEqual([]);
});

it.each([
  ['Latin with accents', 'Zoë Nguyễn Łódź Þórður Ağaoğlu'],
  ['Greek', 'Ελένη Παπαδοπούλου'],
  ['Cyrillic', 'Фёдор Ёжиков'],
])('shows %s', async (_, value) => {
  expect(await pdfText(await write([value]))).toContain(value);
});

it.each([
  ['Arabic', 'a محمد ٣ b', 'a □□□□ □ b'],
  ['Hebrew', 'a שרה b', 'a □□□ b'],
  ['Devanagari', 'a अनन्या b', 'a □□□□□□ b'],
  ['Han', 'a 李小龍 b', 'a □□□ b'],
  ['Hangul', 'a 김 b', 'a □ b'],
  ['symbols outside the BMP', 'a \u{1F9EC} b 𠮷', 'a □ b □'],
  ['a control character and half a surrogate pair', 'a \u0007 b \ud800 c', 'a □ b □ c'],
])('shows a box for each character: %s', async (_, value, shown) => {
  expect(await pdfText(await write([value]))).toContain(shown);
});

it('leaves out characters without a look of their own', async () => {
  expect(await pdfText(await write(['Łó\u{E0061}dź']))).toContain('Łódź');
});

it.each([
  ['between words', 'Nguyễn '.repeat(60)],
  ['inside a text without spaces', 'ŁĄĆ'.repeat(100)],
  ['between words of Helvetica', 'metformin '.repeat(60)],
])('breaks lines %s and loses nothing', async (_, value) => {
  const text = await pdfText(await write([value]));
  const squeezed = (some: string) => some.replaceAll(' ', '');
  expect(squeezed(text)).toContain(squeezed(value));
});

// Hundreds of pages take seconds on a busy machine.
it('survives a text of the size that a request may have', { timeout: 60_000 }, async () => {
  const bytes = await write(['李小龍'.repeat(100_000)]);
  expect((await PDFDocument.load(bytes)).getPageCount()).toBeGreaterThan(100);
});

it('continues on the next page, with banner and footer on each', async () => {
  const bytes = await write(Array<string>(120).fill('Ελένη'));
  const text = await pdfText(bytes);
  const pages = (await PDFDocument.load(bytes)).getPageCount();
  expect(pages).toBeGreaterThan(2);
  expect(text.split('BANNER').length - 1).toBe(pages);
  expect(text).toContain(`Footer - page ${pages} of ${pages}`);
  expect(text.split('Ελένη').length - 1).toBe(120);
});
