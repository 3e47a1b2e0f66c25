import { UnexpectedAnswerError } from './http-client-errors.ts';
import { errorOf } from './read-answer.ts';
import type { Call, Send } from './send.ts';

/** A document that is being downloaded. */
export interface Download {
  /**
   * The bytes of the document. Read the stream completely or cancel it, because it holds a connection
   * until then. It fails with an `HttpClientError`. A download that has begun is not retried.
   */
  readonly stream: ReadableStream<Uint8Array>;
  readonly contentType: string;
  /** The size in bytes; undefined when the server, or a proxy that compresses, does not send it. */
  readonly size: number | undefined;
  readonly etag: string | undefined;
  /** The expected SHA-256 of the bytes in lower-case hex, when the server sends it. */
  readonly sha256: string | undefined;
}

/** Starts a download; see `HttpClient.downloadDocument`. */
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
