import { pipeline, Readable, Transform } from 'node:stream';

/** The step and the place of a middleware that sees an answer before the AWS SDK reads it. */
export const BEFORE_READING = { step: 'deserialize', priority: 'low' } as const;

/**
 * Limits the body of an answer to a client of the AWS SDK, which would collect a body of any length in
 * memory. Use it in a middleware at {@link BEFORE_READING}. The SDK's HTTP handler decodes no content
 * encoding, so these are the bytes that arrive.
 *
 * @param answered what the next handler returned.
 * @param limitBytes the longest body.
 * @returns the same answer. Its body fails with an error named `AnswerTooLarge`, and its connection is
 *   closed, as soon as it is longer.
 */
export function limitAnswer<T extends { response: unknown }>(answered: T, limitBytes: number): T {
  const response = answered.response as { body?: unknown };
  const { body } = response;
  if (!(body instanceof Readable)) return answered;
  let size = 0;
  const limited = new Transform({
    transform(chunk: Uint8Array, _, callback) {
      size += chunk.byteLength;
      if (size > limitBytes) callback(tooLarge(limitBytes));
      else callback(null, chunk);
    },
  });
  response.body = limited;
  // The SDK sees the errors of `limited`, unless it has stopped reading; they must not end the process.
  limited.on('error', () => undefined);
  pipeline(body, limited, () => undefined);
  return answered;
}

/**
 * Requests an answer without a content coding. At {@link BEFORE_READING} the request is signed already: some
 * services and proxies change `Accept-Encoding`, and a signature that covers it would not verify.
 *
 * @param args what the middleware got.
 */
export function requestIdentity({ request }: { readonly request: unknown }): void {
  (request as { readonly headers: Record<string, string> }).headers['accept-encoding'] = 'identity';
}

function tooLarge(limitBytes: number): Error {
  const error = new Error(`the answer has more than ${limitBytes} bytes`);
  error.name = 'AnswerTooLarge';
  return error;
}

/** Returns the code by which the service, the SDK or the operating system names an error. */
export function nameOfAwsError(error: unknown): string {
  if (!(error instanceof Error)) return 'Unknown';
  const system = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return /^\w{1,64}$/.test(error.name) && error.name !== 'Error' ? error.name : system;
}
