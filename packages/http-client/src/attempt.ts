import { causeCodeOf } from './cause-code.ts';
import { limitedStream } from './limited-stream.ts';

/** The longest answer that is read as JSON, after decoding. */
const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024;

/** A request on the wire. Every attempt sends the same one. */
export interface WireRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether the body of a 2xx becomes a stream. Otherwise it is read as JSON. */
  readonly streamed: boolean;
}

/** An answer. Its body is read completely unless the request is streamed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body of `not-json` and `broken-json` is dropped, because it can contain anything. */
  readonly format: 'json' | 'not-json' | 'broken-json' | 'stream';
  /** The parsed JSON. */
  readonly json?: unknown;
  readonly stream?: ReadableStream<Uint8Array>;
}

/** The result of an attempt. */
export type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'network'; readonly causeCode: string | undefined }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'aborted' };

/**
 * Sends a request once. It follows no redirect, because the API key would go along.
 *
 * @param limits.timeoutMs time for the whole answer. A streamed answer has this time for its headers,
 *   and then for each pause between chunks.
 * @param limits.signal the caller's signal, which must not be aborted yet.
 * @returns the outcome. Never throws.
 */
export async function attempt(
  send: typeof fetch,
  request: WireRequest,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<Outcome> {
  const { timeoutMs, signal } = limits;
  const controller = new AbortController();
  let endAs: (outcome: Outcome) => void;
  const ended = new Promise<Outcome>((resolve) => {
    endAs = resolve;
  });
  const end = (kind: 'timeout' | 'aborted') => {
    endAs({ kind });
    controller.abort();
  };
  const onAbort = () => end('aborted');
  const timer = setTimeout(() => end('timeout'), timeoutMs);
  signal?.addEventListener('abort', onAbort);
  const release = () => signal?.removeEventListener('abort', onAbort);

  async function exchange(): Promise<Outcome> {
    try {
      const { url, method, headers, body } = request;
      const response = await send(url, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        redirect: 'manual',
        signal: controller.signal,
      });
      return { kind: 'answer', answer: await take(response) };
    } catch (error) {
      return { kind: 'network', causeCode: causeCodeOf(error) };
    }
  }

  async function take(response: Response): Promise<Answer> {
    if (!request.streamed || !response.ok) return await read(response);
    const abort = () => controller.abort();
    const stream = limitedStream(response.body, { idleMs: timeoutMs, signal, abort, release });
    return { status: response.status, headers: response.headers, format: 'stream', stream };
  }

  let streaming = false;
  try {
    // A race, because a custom `fetch` may ignore the signal.
    const outcome = await Promise.race([ended, exchange()]);
    streaming = outcome.kind === 'answer' && outcome.answer.format === 'stream';
    return outcome;
  } finally {
    clearTimeout(timer);
    if (!streaming) release();
  }
}

async function read(response: Response): Promise<Answer> {
  const { status, headers } = response;
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(headers.get('content-type') ?? '')) {
    await response.body?.cancel().catch(() => undefined);
    return { status, headers, format: 'not-json' };
  }
  const text = await textOf(response);
  if (text === undefined) return { status, headers, format: 'not-json' };
  try {
    return { status, headers, format: 'json', json: JSON.parse(text) };
  } catch {
    return { status, headers, format: 'broken-json' };
  }
}

/** Reads a body; undefined, and the rest is not read, if it is longer than any answer of the API. */
async function textOf(response: Response): Promise<string | undefined> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for (;;) {
    const chunk = (await reader?.read())?.value;
    if (chunk === undefined) return text + decoder.decode();
    size += chunk.byteLength;
    if (size > ANSWER_LIMIT_BYTES) {
      await reader?.cancel().catch(() => undefined);
      return undefined;
    }
    text += decoder.decode(chunk, { stream: true });
  }
}
