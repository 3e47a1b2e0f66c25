import { DocumentMismatchError } from './document-errors.ts';
import { type Edges, isWholeTiff } from './tiff.ts';

/** How much of the beginning and of the end of a document {@link finalType} needs, in bytes. */
export const EDGE_BYTES = 2_048;

const UNSPECIFIC = [undefined, 'application/octet-stream', 'binary/octet-stream'];
/** What login and error pages are made of; never a document that nobody announced as such. */
const PAGES =
  /^(text\/html|application\/xhtml\+xml|(application|text)\/(json|xml)|.*\+(json|xml))$/;

interface Format {
  readonly begins: (head: Buffer) => boolean;
  readonly isWhole: (edges: Edges) => boolean;
}

const PNG_END = Buffer.from('49454e44ae426082', 'hex');

/** The formats that we recognize, by signature and end marker. */
const FORMATS: ReadonlyMap<string, Format> = new Map([
  [
    'application/pdf',
    {
      // Readers accept other bytes before the header and after the end (ISO 32000-1, annex H).
      begins: (head) => head.subarray(0, 1_024).includes('%PDF-'),
      isWhole: ({ tail }) => tail.includes('%%EOF'),
    },
  ],
  [
    'image/png',
    {
      begins: (head) => startsWith(head, '89504e470d0a1a0a'),
      isWhole: ({ tail }) => tail.includes(PNG_END),
    },
  ],
  [
    'image/jpeg',
    {
      begins: (head) => startsWith(head, 'ffd8ff'),
      isWhole: ({ tail }) => tail.includes(Buffer.from('ffd9', 'hex')),
    },
  ],
  [
    'image/tiff',
    {
      begins: (head) =>
        ['49492a00', '4d4d002a', '49492b00', '4d4d002b'].some((magic) => startsWith(head, magic)),
      isWhole: isWholeTiff,
    },
  ],
]);

/**
 * Checks that a document is what it claims to be, and returns its media type.
 *
 * @param announced the type in the pharmacy's list of documents.
 * @param answered the type of the answer that contained the bytes; undefined if it had none.
 * @param edges the first and the last {@link EDGE_BYTES}.
 * @throws {DocumentMismatchError} `DOCUMENT_WRONG_TYPE` or `DOCUMENT_TRUNCATED`.
 */
export function finalType(
  announced: string | undefined,
  answered: string | undefined,
  edges: Edges,
): string {
  const { head } = edges;
  const found = [...FORMATS].find(([, { begins }]) => begins(head));
  if (found !== undefined) {
    const [type, { isWhole }] = found;
    if (!UNSPECIFIC.includes(announced) && announced !== type) wrongType();
    if (!isWhole(edges)) throw new DocumentMismatchError('DOCUMENT_TRUNCATED', 'ends too early');
    return type;
  }
  // The bytes are not of the format that the list or the answer claims.
  if (FORMATS.has(announced ?? '') || FORMATS.has(answered ?? '')) wrongType();
  if (!UNSPECIFIC.includes(announced)) {
    if (PAGES.test(answered ?? '') && answered !== announced) wrongType();
    if (!PAGES.test(announced ?? '') && isPage(head)) wrongType();
    return announced ?? '';
  }
  if (PAGES.test(answered ?? '') || isPage(head)) wrongType();
  return answered ?? announced ?? 'application/octet-stream';
}

/** Whether a text begins as HTML, XML or a JSON object does. */
function isPage(head: Buffer): boolean {
  return /^\s*(<(!doctype|html|head|body|script|title|\?xml)\b|<!--|\{\s*["}])/i.test(
    head.toString('utf8'),
  );
}

function startsWith(head: Buffer, magic: string): boolean {
  return head.subarray(0, magic.length / 2).toString('hex') === magic;
}

function wrongType(): never {
  throw new DocumentMismatchError('DOCUMENT_WRONG_TYPE', 'is not of the announced type');
}
