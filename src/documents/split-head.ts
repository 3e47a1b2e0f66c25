import type { Readable } from 'node:stream';

/**
 * Takes the first bytes off a stream.
 *
 * @returns `head`, shorter if the stream ends before, and what follows it.
 */
export async function splitHead(
  stream: Readable,
  length: number,
): Promise<{ head: Buffer; rest: AsyncIterable<Uint8Array> }> {
  const iterator: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < length) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* rest() {
    if (head.length > length) yield head.subarray(length);
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head: head.subarray(0, length), rest: rest() };
}
