import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';

/** Extracts the text of a PDF on one line, as a PDF reader would copy it. */
export async function pdfText(bytes: Uint8Array): Promise<string> {
  const task = getDocument({ data: Uint8Array.from(bytes), verbosity: 0 });
  const pdf = await task.promise;
  const parts: string[] = [];
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const { items } = await (await pdf.getPage(number)).getTextContent();
    for (const item of items) {
      if ('str' in item) parts.push(item.str, item.hasEOL ? ' ' : '');
    }
  }
  await task.destroy();
  return parts.join('').replace(/\s+/g, ' ');
}
