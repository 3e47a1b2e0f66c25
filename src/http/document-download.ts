import { Readable } from 'node:stream';
import { create as contentDisposition } from 'content-disposition';
import type { FastifyReply, FastifyRequest } from 'fastify';
import parseRange from 'range-parser';
import { z } from 'zod';
import { failureBody } from '../contract/envelope.ts';
import type { SealedDocuments } from '../documents/sealed-documents.ts';
import { documentKey } from '../orders/order-data-key.ts';
import type { StoredDocument } from '../orders/read-order.ts';
import { RangeNotSatisfiableError } from './errors/http-errors.ts';
import { NOT_FOUND } from './openapi/responses.ts';
import type { ResponseDoc } from './route.ts';

/** The request headers that a download heeds (RFC 9110, 13.1.2 and 14.2). */
export const documentHeaders = z.object({
  Range: z.exactOptional(z.string()).meta({
    description: 'One range of bytes; several at once get the whole document.',
    example: 'bytes=0-1023',
  }),
  'If-None-Match': z.exactOptional(z.string()),
  'If-Range': z.exactOptional(z.string()),
});

const answerHeaders = z.object({
  ETag: z.string().meta({ description: 'The document’s SHA-256, in quotes.' }),
  'Content-Disposition': z.string(),
  'Accept-Ranges': z.literal('bytes'),
});

/** The answers of a download, as they are documented. */
export const documentResponses: Readonly<Record<number, ResponseDoc>> = {
  200: { description: 'The bytes.', contentType: '*/*', headers: answerHeaders },
  206: {
    description: 'The bytes of the range.',
    contentType: '*/*',
    headers: answerHeaders.extend({ 'Content-Range': z.string() }),
  },
  304: { description: 'The client has the document.' },
  404: NOT_FOUND,
  416: { description: 'The range is not in the document.', schema: failureBody },
};

/**
 * Answers with a stored document, or the part of it that is asked for. It is streamed: memory does
 * not grow with its size.
 *
 * @throws {RangeNotSatisfiableError} the range begins behind the end (416).
 */
export async function sendDocument(
  request: FastifyRequest,
  reply: FastifyReply,
  documents: Pick<SealedDocuments, 'open'>,
  document: StoredDocument,
): Promise<FastifyReply> {
  const { size } = document;
  const etag = `"${document.sha256}"`;
  const common = {
    etag,
    'accept-ranges': 'bytes',
  };
  if (matches(request.headers['if-none-match'], etag)) {
    return reply.code(304).headers(common).send();
  }

  const range = rangeOf(request, size, etag);
  const wanted = request.method === 'GET';
  // Opened first: a document that is gone is an error, which has none of these headers.
  const bytes = wanted
    ? await documents.open(document.storageKey, documentKey(document.key), range)
    : Readable.from([]);
  return reply
    .code(range === undefined ? 200 : 206)
    .headers({
      ...common,
      'content-type': safeContentType(document.contentType),
      'content-disposition': disposition(document.name),
      'content-length': range === undefined ? size : range.end - range.start + 1,
      ...(range === undefined
        ? {}
        : { 'content-range': `bytes ${range.start}-${range.end}/${size}` }),
    })
    .send(bytes);
}

/** The one range that is to be sent; undefined for the whole document. */
function rangeOf(
  { headers }: FastifyRequest,
  size: number,
  etag: string,
): { start: number; end: number } | undefined {
  const { range, 'if-range': ifRange } = headers;
  // A weak or outdated `If-Range` makes the request one for the whole (RFC 9110, 13.1.5).
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined;
  const ranges = parseRange(size, range);
  if (ranges === -1) throw new RangeNotSatisfiableError(size);
  // A malformed range, another unit and several ranges may be ignored (RFC 9110, 14.2).
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

/** The name is the pharmacy's word: it is told in every form that browsers know, and never opened. */
function disposition(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to go.
  const printable = name.replace(/[\u0000-\u001f\u007f-\u009f]/g, '_');
  return contentDisposition(printable, { type: 'attachment' });
}

/** The type is the pharmacy's word; what could not be a header is served as plain bytes. */
function safeContentType(contentType: string): string {
  return /^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=[\w.-]+)*$/.test(contentType)
    ? contentType
    : 'application/octet-stream';
}
