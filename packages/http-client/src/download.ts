import { UnexpectedAnswerError } from './http-client-errors.ts';
import { errorOf } from './read-answer.ts';
import type { Call, Send } from './send.ts';

/** A document on its way. */
export interface Download {
  /**
   * The bytes. Read it to the end or cancel it: until then a connection is held. It errors with
   * this client's errors; nothing is tried again once it has begun.
   */
  readonly stream: ReadableStream<Uint8Array>;
  readonly contentType: string;
  /** Bytes; undefined where the server, or a proxy that compresses, does not tell. */
  readonly size: number | undefined;
  readonly etag: string | undefined;
  /** What the bytes must hash to, in lower-case hexadecimal, where the server tells. */
  readonly sha256: string | undefined;
}

/** Starts a download. */
export async function download(
  send: Send,
  { path, signal }: Pick<Call, 'path' | 'signal'>,
): Promise<Download> {
  const reply = await send({ method: 'GET', path, streamed: true, signal });
  const { status, stream, headers } = reply.answer;
  if (stream === undefined) throw errorOf(reply);
  if (status !== 200) {
    await stream.cancel();
    throw new UnexpectedAnswerError('status', reply.facts);
  }
  const length = headers.get('content-encoding') === null ? headers.get('content-length') : null;
  const etag = headers.get('etag') ?? undefined;
  return {
    stream,
    contentType: headers.get('content-type') ?? 'application/octet-stream',
    size: length === null ? undefined : Number(length),
    etag,
    sha256: /^"([0-9a-f]{64})"$/.exec(etag ?? '')?.[1],
  };
}
