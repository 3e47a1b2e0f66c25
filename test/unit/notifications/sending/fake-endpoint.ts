import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A server on loopback, in the place of an organization's endpoint. */
export interface FakeEndpoint {
  readonly port: number;
  readonly url: string;
  /** Every connection so far. */
  readonly sockets: Socket[];
  close(): Promise<void>;
}

/** Starts any server on a free port. */
export async function listen(server: Server): Promise<FakeEndpoint> {
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    sockets.push(socket);
    // A client that goes away is what some tests are about.
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/hook`,
    sockets,
    async close() {
      // Of one that is closed already, this is an error that says so.
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
