import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

// Sends orders, as a process of its own: what else a benchmark does must not delay them. It writes the requests
// itself, because a client library would take a large part of a small machine.

/** A message to this program. */
interface Task {
  readonly url: string;
  readonly key: string;
  readonly body: object;
  readonly connections: number;
  readonly count?: number;
  readonly seconds?: number;
  readonly perSecond?: number;
}

/** A connection that has at most one open request. */
interface Connection {
  send(request: string): Promise<{ readonly status: number; readonly body: string }>;
  close(): void;
}

process.on('message', (task: Task) => {
  void run(task).then((result) => process.send?.(result));
});
process.on('SIGTERM', () => process.exit());
process.send?.('ready');

async function run({ url, key, body, ...limits }: Task) {
  const { connections, count = Infinity, seconds = Infinity, perSecond } = limits;
  const target = new URL(url);
  const free = await Promise.all(Array.from({ length: connections }, () => connect(target)));
  const all = [...free];
  const waiting: ((connection: Connection) => void)[] = [];
  const placed: { id: string; at: number }[] = [];
  const times: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1_000;
  let sent = 0;

  const post = async () => {
    const [at, since] = [Date.now(), performance.now()];
    const connection =
      free.pop() ?? (await new Promise<Connection>((resolve) => waiting.push(resolve)));
    const request = requestOf(target, key, { ...body, idempotencyKey: randomUUID() });
    const answer = await connection.send(request);
    const next = waiting.shift();
    if (next === undefined) free.push(connection);
    else next(connection);
    if (answer.status !== 200) return;
    times.push(performance.now() - since);
    const { data } = JSON.parse(answer.body) as { data: { order: { id: string } } };
    placed.push({ id: data.order.id, at });
  };

  if (perSecond === undefined) {
    const client = async () => {
      while (sent < count && performance.now() < end) {
        sent += 1;
        await post();
      }
    };
    await Promise.all(Array.from({ length: connections }, client));
  } else {
    const open: Promise<void>[] = [];
    for (; sent < count && performance.now() < end; sent += 1) {
      await sleep(Math.max(0, start + (sent / perSecond) * 1_000 - performance.now()));
      open.push(post());
    }
    await Promise.all(open);
  }
  const spent = (performance.now() - start) / 1_000;
  for (const connection of all) connection.close();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
  return { placed, failed: sent - placed.length, seconds: spent, p50: at(0.5), p99: at(0.99) };
}

function requestOf({ host, pathname }: URL, key: string, body: object): string {
  const text = JSON.stringify(body);
  return [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    `cv-api-key: ${key}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
    '',
    text,
  ].join('\r\n');
}

async function connect({ hostname, port }: URL): Promise<Connection> {
  const socket = net.connect(Number(port), hostname).setNoDelay(true);
  let bytes = Buffer.alloc(0);
  let answered: ((answer: { status: number; body: string }) => void) | undefined;
  const answer = (status: number, body: string) => {
    const resolve = answered;
    answered = undefined;
    resolve?.({ status, body });
  };
  socket.on('data', (piece) => {
    bytes = Buffer.concat([bytes, piece]);
    const head = bytes.indexOf('\r\n\r\n');
    if (head < 0) return;
    const headers = bytes.toString('latin1', 0, head);
    const length = Number(/^content-length: (\d+)/im.exec(headers)?.[1]);
    const end = head + 4 + length;
    if (bytes.length < end) return;
    const body = bytes.toString('utf8', head + 4, end);
    bytes = bytes.subarray(end);
    answer(Number(headers.slice(9, 12)), body);
  });
  socket.on('error', () => undefined);
  // An order whose connection breaks counts as failed.
  socket.on('close', () => answer(0, ''));
  await new Promise((resolve) => socket.once('connect', resolve));
  return {
    send(request) {
      return new Promise((resolve) => {
        answered = resolve;
        if (socket.destroyed) answer(0, '');
        else socket.write(request);
      });
    },
    close: () => socket.destroy(),
  };
}
