import { createHash } from 'node:crypto';
import { EDGE_BYTES, finalType } from './content-type.ts';
import { DocumentMismatchError } from './document-errors.ts';

/** What the bytes of a document turned out to be. */
export interface Measures {
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** A media type without parameters. */
  readonly contentType: string;
}

/** What is known about a document before its bytes arrive. */
export interface Announced {
  readonly size?: number | undefined;
  /** Lower-case hexadecimal. */
  readonly sha256?: string | undefined;
  /** The media type in the pharmacy's list of documents. */
  readonly contentType?: string | undefined;
  /** The media type of the answer that contains the bytes. */
  readonly answeredType?: string | undefined;
  /** The largest document that is accepted, in bytes; undefined: the announced size alone limits it. */
  readonly limitBytes?: number | undefined;
}

/**
 * Passes bytes through and measures them. Fails at the end, or as soon as there are too many, if they do
 * not match the announcement.
 *
 * @returns size, hash and type, as the return value of the iteration.
 * @throws {DocumentMismatchError} during the iteration.
 */
export async function* checkedBytes(
  bytes: AsyncIterable<Uint8Array>,
  announced: Announced,
): AsyncGenerator<Uint8Array, Measures> {
  const hash = createHash('sha256');
  let size = 0;
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  const limitBytes = announced.limitBytes ?? Infinity;
  if ((announced.size ?? 0) > limitBytes) tooLarge(limitBytes);
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > (announced.size ?? Infinity)) mismatch('is longer than announced');
    if (size > limitBytes) tooLarge(limitBytes);
    hash.update(chunk);
    if (head.length < EDGE_BYTES) head = Buffer.concat([head, chunk]).subarray(0, EDGE_BYTES);
    tail = Buffer.concat([tail, chunk.subarray(-EDGE_BYTES)]).subarray(-EDGE_BYTES);
    yield chunk;
  }
  if (size === 0) throw new DocumentMismatchError('DOCUMENT_EMPTY', 'is empty');
  if (size < (announced.size ?? 0)) mismatch('is shorter than announced');
  const sha256 = hash.digest('hex');
  if (sha256 !== (announced.sha256 ?? sha256)) mismatch('has another SHA-256');
  const contentType = finalType(announced.contentType, announced.answeredType, {
    ...{ head, tail, size },
  });
  return { size, sha256, contentType };
}

function tooLarge(limitBytes: number): never {
  throw new DocumentMismatchError(
    'DOCUMENT_TOO_LARGE',
    `is larger than ${limitBytes} bytes (DOCUMENT_LIMIT_BYTES)`,
  );
}

function mismatch(problem: string): never {
  throw new DocumentMismatchError('DOCUMENT_MISMATCH', problem);
}

/**
 * Reads bytes to their end and measures them, without keeping them.
 *
 * @throws {DocumentMismatchError} they do not match the announcement.
 */
export async function measure(
  bytes: AsyncIterable<Uint8Array>,
  announced: Announced,
): Promise<Measures> {
  const checked = checkedBytes(bytes, announced);
  for (;;) {
    const next = await checked.next();
    if (next.done === true) return next.value;
  }
}
