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

/** The request headers that a download honours (RFC 9110, 13.1.2 and 14.2). */
export const documentHeaders = z.object({
  Range: z.exactOptional(z.string()).meta({
    description: 'One byte range. A request for several ranges gets the whole document.',
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

/** The documented responses of a download. */
export const documentResponses: Readonly<Record<number, ResponseDoc>> = {
  200: { description: 'The document’s bytes.', contentType: '*/*', headers: answerHeaders },
  206: {
    description: 'The requested range of bytes.',
    contentType: '*/*',
    headers: answerHeaders.extend({ 'Content-Range': z.string() }),
  },
  304: { description: 'The client’s copy is current.' },
  404: NOT_FOUND,
  416: { description: 'The range lies outside the document.', schema: failureBody },
};

/**
 * Sends a stored document, or the requested range of it. The bytes are streamed, so memory does not
 * grow with the document.
 *
 * @throws {RangeNotSatisfiableError} the range begins after the end of the document (416).
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
  // Opened before the headers are set: when the document is missing, the error carries none of them.
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

/** The range to send; undefined for the whole document. */
function rangeOf(
  { headers }: FastifyRequest,
  size: number,
  etag: string,
): { start: number; end: number } | undefined {
  const { range, 'if-range': ifRange } = headers;
  // A weak or outdated `If-Range` asks for the whole document (RFC 9110, 13.1.5).
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return undefined;
  const ranges = parseRange(size, range);
  if (ranges === -1) throw new RangeNotSatisfiableError(size);
  // A server may ignore a malformed range, another unit and several ranges (RFC 9110, 14.2).
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}

/**
 * The header for the pharmacy's file name. It encodes the name for old and new browsers, and makes
 * them save the document instead of opening it.
 */
function disposition(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression removes control characters.
  const printable = name.replace(/[\u0000-\u001f\u007f-\u009f]/g, '_');
  return contentDisposition(printable, { type: 'attachment' });
}

/** The content type that the pharmacy named; one that is no valid header value becomes plain bytes. */
function safeContentType(contentType: string): string {
  return /^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=[\w.-]+)*$/.test(contentType)
    ? contentType
    : 'application/octet-stream';
}
