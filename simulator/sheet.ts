import { PDFDocument, type PDFPage, rgb } from 'pdf-lib';
import { createLettering, type Line, type Style } from './lettering.ts';

/** A PDF document that is written from top to bottom. */
export interface Sheet {
  section(title: string): void;
  /** Adds a label and its value. Adds nothing for an empty value. */
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

const TITLE: Style = { size: 20, color: INK, bold: true };
const SUBTITLE: Style = { size: 10, color: PALE };
const BANNER: Style = { size: 12, color: WARNING, bold: true };
const HEADING: Style = { size: 12, color: INK, bold: true };
const LABEL: Style = { size: 9, color: PALE };
const VALUE: Style = { size: 10.5, color: INK };
const FOOTER: Style = { size: 8, color: PALE };

/**
 * Starts a document. The same calls give the same bytes: nothing comes from the clock or from chance.
 *
 * @param options.banner a text for the top of every page.
 * @param options.footer a text for the bottom of every page, before the page's number.
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
  const lettering = await createLettering(pdf);
  const banner = await oneLine(options.banner, BANNER);
  /** The drawing steps, in order. They run in `finish`, which can wait for a font. */
  const steps: (() => Promise<void>)[] = [];

  let page: PDFPage;
  let y = 0;

  /** The first of the lines that a text would fill. */
  async function oneLine(text: string, style: Style, width = WIDTH - 2 * MARGIN): Promise<Line> {
    const [line] = await lettering.lines(text, style, width);
    return line ?? { width: 0, draw: () => {} };
  }

  function startPage(): void {
    page = pdf.addPage([WIDTH, HEIGHT]);
    page.drawRectangle({ x: 0, y: HEIGHT - 34, width: WIDTH, height: 34, color: WARNING_GROUND });
    banner.draw(page, (WIDTH - banner.width) / 2, HEIGHT - 22);
    y = HEIGHT - MARGIN - 22;
  }

  function need(height: number): void {
    if (y - height < BOTTOM) startPage();
  }

  async function drawHead(): Promise<void> {
    startPage();
    (await oneLine(options.title, TITLE)).draw(page, MARGIN, y);
    y -= 18;
    (await oneLine(options.subtitle, SUBTITLE)).draw(page, MARGIN, y);
    y -= 8;
  }

  async function drawSection(title: string): Promise<void> {
    need(60);
    y -= 24;
    (await oneLine(title, HEADING)).draw(page, MARGIN, y);
    y -= 6;
    page.drawLine({
      start: { x: MARGIN, y },
      end: { x: WIDTH - MARGIN, y },
      thickness: 0.75,
      color: RULE,
    });
    y -= 4;
  }

  async function drawRow(label: string, value: string): Promise<void> {
    const lines = await lettering.lines(value, VALUE, WIDTH - MARGIN - VALUE_X);
    const shortLabel = await oneLine(label, LABEL, VALUE_X - MARGIN - 8);
    for (const [index, line] of lines.entries()) {
      need(14);
      y -= 14;
      if (index === 0) shortLabel.draw(page, MARGIN, y);
      line.draw(page, VALUE_X, y);
    }
    y -= 2;
  }

  async function drawFooters(): Promise<void> {
    const pages = pdf.getPages();
    for (const [index, each] of pages.entries()) {
      const footer = `${options.footer} - page ${index + 1} of ${pages.length}`;
      (await oneLine(footer, FOOTER)).draw(each, MARGIN, MARGIN - 20);
    }
  }

  return {
    section(title) {
      steps.push(() => drawSection(title));
    },
    row(label, value) {
      if (value.trim() !== '') steps.push(() => drawRow(label, value));
    },
    async finish() {
      await drawHead();
      for (const step of steps) await step();
      await drawFooters();
      return await pdf.save();
    },
  };
}
