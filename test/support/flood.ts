import type { ServerResponse } from 'node:http';

const CHUNK = Buffer.alloc(64 * 1024, 'A');
/** Without a limit at the reader, the answer ends: the test then fails quickly. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Answers with bytes until the reader closes the connection.
 *
 * @param start the first bytes of the body, for a reader that parses while it reads.
 * @returns a function that returns how many bytes the connection has taken so far.
 */
export function flood(response: ServerResponse, start: string): () => number {
  const { socket } = response;
  response.write(start);
  const more = () => {
    while (!response.destroyed && (socket?.bytesWritten ?? 0) < MOST_BYTES) {
      if (!response.write(CHUNK)) return;
    }
    response.end();
  };
  response.on('drain', more);
  more();
  return () => socket?.bytesWritten ?? 0;
}
