import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

/** A proxy in front of Postgres that counts the statements which it forwards. */
export interface StatementCounter {
  /** Returns the URL of the same database through the proxy. */
  through(url: string): string;
  /** How often each statement was executed since the last call, by its text. */
  take(): Map<string, number>;
  close(): Promise<void>;
}

/** Starts a counter; it reads the messages Query, Parse and Bind (Postgres documentation, 54.7, "Message Formats"). */
export async function startStatementCounter(url: string): Promise<StatementCounter> {
  const target = new URL(url);
  let counts = new Map<string, number>();
  const sockets = new Set<net.Socket>();

  const listener = net.createServer((client) => {
    const server = net.connect(Number(target.port), target.hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      const end = () => {
        client.destroy();
        server.destroy();
      };
      socket.on('error', end).on('close', end);
    }
    const read = createReader((statement) => {
      const text = statement.replace(/\s+/g, ' ').trim();
      counts.set(text, (counts.get(text) ?? 0) + 1);
    });
    client.on('data', (bytes) => {
      read(bytes);
      server.write(bytes);
    });
    server.pipe(client);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  return {
    through(of) {
      const through = new URL(of);
      through.port = String(port);
      return through.href;
    },
    take() {
      const taken = counts;
      counts = new Map();
      return taken;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}

/** Creates the reader of one connection, which calls `count` with the text of every statement that is executed. */
function createReader(count: (statement: string) => void): (bytes: Buffer) => void {
  const prepared = new Map<string, string>();
  let pending = Buffer.alloc(0);
  let isStarted = false;

  function message(type: string, body: Buffer): void {
    const texts = body.toString('utf8').split('\0');
    if (type === 'Q') count(texts[0] ?? '');
    if (type === 'P') prepared.set(texts[0] ?? '', texts[1] ?? '');
    if (type === 'B') count(prepared.get(texts[1] ?? '') ?? '');
  }

  return (bytes) => {
    pending = Buffer.concat([pending, bytes]);
    for (;;) {
      // The first message of a connection has no type.
      const at = isStarted ? 1 : 0;
      if (pending.length < at + 4) return;
      const length = pending.readUInt32BE(at);
      if (pending.length < at + length) return;
      if (isStarted)
        message(String.fromCharCode(pending[0] ?? 0), pending.subarray(5, at + length));
      isStarted = true;
      pending = pending.subarray(at + length);
    }
  };
}
