import fontkit from '@pdf-lib/fontkit';
import { decodePDFRawStream, PDFDict, PDFDocument, PDFName, PDFRawStream } from 'pdf-lib';
import { expect, it } from 'vitest';
import { createFontLibrary, type FontLibrary } from '../../../simulator/fonts.ts';
import { createSheet } from '../../../simulator/sheet.ts';
import { pdfText } from '../../support/pdf-text.ts';

async function write(values: string[], fonts: FontLibrary = createFontLibrary()) {
  const sheet = await createSheet({
    title: 'Title',
    subtitle: 'Subtitle',
    banner: 'BANNER',
    footer: 'Footer',
    at: new Date('2026-01-02T03:04:05Z'),
    fonts,
  });
  for (const value of values) sheet.row('Row', value);
  return await sheet.finish();
}

/** The fonts that a document carries, as fontkit reads them. */
async function carriedFonts(bytes: Uint8Array) {
  const { context } = await PDFDocument.load(bytes);
  return context.enumerateIndirectObjects().flatMap(([, object]) => {
    const file = object instanceof PDFDict ? object.get(PDFName.of('FontFile2')) : undefined;
    const stream = file === undefined ? undefined : context.lookup(file);
    if (!(stream instanceof PDFRawStream)) return [];
    return [fontkit.create(decodePDFRawStream(stream).decode())];
  });
}

it('carries no font for text that PDF’s own can write', async () => {
  expect(await carriedFonts(await write(['Take one tablet – daily', 'José Größe']))).toEqual([]);
});

it('gives the same bytes whatever was written before with the same fonts', async () => {
  const values = [
    'Ελένη Παπαδοπούλου',
    'محمد الرشيد',
    'अनन्या शर्मा',
    '李小龍',
    'Nguyễn \u00ad \u{1F9EC}',
  ];
  const fonts = createFontLibrary();
  await write(['لله الرحمن', 'ﷲ ﻣﺤﻤﺪ', 'Кириллица', '⼩ 小', 'ffi ﬃ', 'क्ष त्र ज्ञ'], fonts);
  expect(Buffer.compare(await write(values, fonts), await write(values))).toBe(0);
});

// A subset that points at half of its glyphs still has the text: only the outlines are gone.
it('carries an outline for each character', async () => {
  const text = '李小龍村春樹東京都上下左右陳王張劉楊黃';
  const [font] = await carriedFonts(await write([text]));
  expect(font?.numGlyphs).toBe(1 + text.length);
  const outlines = Array.from(text, (_, index) => font?.getGlyph(index + 1).path.toSVG() ?? '');
  expect(new Set(outlines).size).toBe(text.length);
  expect(outlines.every((outline) => outline.length > 20)).toBe(true);
});

it('shows a box for what no font has, once a character as the reader sees it', async () => {
  const text = await pdfText(await write(['a \u{1F9EC} b 👩🏽‍⚕️ c \u0007 d \ud800 e 김 f']));
  expect(text).toContain('a □ b □ c □ d □ e □ f');
});

it('leaves out what has no look of its own and no font has', async () => {
  expect(await pdfText(await write(['Łó\u{E0061}dź']))).toContain('Łódź');
});

it.each([
  ['between words', 'Nguyễn '.repeat(60)],
  ['inside a text without spaces', '李小龍'.repeat(100)],
  ['between words from right to left', 'محمد '.repeat(120)],
])('breaks lines %s and loses nothing', async (_, value) => {
  const text = await pdfText(await write([value]));
  const squeezed = (some: string) => some.replaceAll(' ', '');
  expect(squeezed(text)).toContain(squeezed(value));
});

it('survives a text of the size that a request may have', async () => {
  const bytes = await write(['李小龍'.repeat(100_000)]);
  expect((await PDFDocument.load(bytes)).getPageCount()).toBeGreaterThan(100);
});

it('goes on to the next page, with banner and footer on each', async () => {
  const bytes = await write(Array<string>(120).fill('Ελένη'));
  const text = await pdfText(bytes);
  const pages = (await PDFDocument.load(bytes)).getPageCount();
  expect(pages).toBeGreaterThan(2);
  expect(text.split('BANNER').length - 1).toBe(pages);
  expect(text).toContain(`Footer - page ${pages} of ${pages}`);
  expect(text.split('Ελένη').length - 1).toBe(120);
});
