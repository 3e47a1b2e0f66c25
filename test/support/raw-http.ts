import net from 'node:net';
import { expect } from 'vitest';
import { exampleWithoutKey, type TestApi } from './test-api.ts';

/**
 * Writes raw bytes to an HTTP server's socket, and returns all bytes that arrive until the server closes
 * the connection or sends nothing for `silenceMs`.
 */
export async function sendRaw(
  baseUrl: string,
  bytes: string | Buffer,
  { silenceMs = 5_000, end = false }: { silenceMs?: number; end?: boolean } = {},
): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  return await new Promise((resolve) => {
    const received: Buffer[] = [];
    const socket = net.connect({ host: hostname, port: Number(port) });
    const finish = () => {
      socket.destroy();
      resolve(Buffer.concat(received).toString('latin1'));
    };
    socket.setTimeout(silenceMs, finish);
    socket.on('data', (chunk) => received.push(chunk));
    // The server may reset the connection to reject the request; earlier bytes still count.
    socket.on('error', finish).on('close', finish);
    if (end) socket.end(bytes);
    else socket.write(bytes);
  });
}

/** An answer that was parsed from raw bytes. */
interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly json: ReturnType<typeof JSON.parse>;
}

/** Parses the answers in raw bytes, in order; the body of each must be an envelope with its status. */
export function answersIn(received: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = received; rest !== ''; ) {
    const [head, status] = /^HTTP\/1\.1 (\d{3}) .*?\r\n\r\n/s.exec(rest) ?? [];
    if (head === undefined) throw new Error(`no answer: ${rest.slice(0, 80)}`);
    expect(head).toMatch(/^content-type: application\/json; charset=utf-8$/im);
    const end = head.length + Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
    const json = JSON.parse(Buffer.from(rest.slice(head.length, end), 'latin1').toString());
    expect(json).toMatchObject({ status: Number(status), success: Number(status) < 400 });
    answers.push({ status: Number(status), head, json });
    rest = rest.slice(end);
  }
  return answers;
}

/** Returns the bytes of a request that places the published example and closes the connection. */
export function orderBytes(
  { organization }: Pick<TestApi, 'organization'>,
  {
    body = JSON.stringify(exampleWithoutKey()),
    path = `/api/v1/cases/${organization.caseId}`,
    line = `POST ${path} HTTP/1.1`,
    type = 'application/json',
    headers = [],
    framing = [`Content-Length: ${Buffer.byteLength(body)}`],
  }: {
    readonly body?: string;
    readonly path?: string;
    readonly line?: string;
    readonly type?: string;
    /** Additional headers, verbatim. */
    readonly headers?: readonly string[];
    /** The headers that delimit the body. */
    readonly framing?: readonly string[];
  } = {},
): string {
  const head = [
    line,
    'Host: 127.0.0.1',
    'Connection: close',
    `cv-api-key: ${organization.apiKey}`,
    `Content-Type: ${type}`,
    ...headers,
    ...framing,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
