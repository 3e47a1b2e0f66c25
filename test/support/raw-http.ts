import net from 'node:net';

/**
 * Writes bytes to an HTTP server's socket, as no client library would, and gives back all that
 * comes until the server closes, or until it has been silent for `silenceMs`.
 */
export async function sendRaw(
  baseUrl: string,
  bytes: string | Buffer,
  { silenceMs = 1_000, end = false }: { silenceMs?: number; end?: boolean } = {},
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
    // A reset is one of the ways to refuse; what came before it counts.
    socket.on('error', finish).on('close', finish);
    if (end) socket.end(bytes);
    else socket.write(bytes);
  });
}
