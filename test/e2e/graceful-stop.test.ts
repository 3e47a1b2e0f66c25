import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { download, paced } from '../support/download.ts';
import { type PlacedAnswer, placeOrder } from '../support/order-load.ts';
import { withKeysOf } from '../support/sealed-rows.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { storeDocument } from '../support/stored-document.ts';

const CLIENTS = 32;
const LOAD_MS = 2_000;
const DOWNLOAD_MS = 4_000;
const DOCUMENT_BYTES = 50 * 1024 * 1024;
/** The time limit of the process, plus some time for a busy machine. */
const STOP_LIMIT_MS = 22_000;
const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';
const KEY = { 'cv-api-key': 'YOUR_SECRET_KEY' };

let test: TestStack;
let database: Database;
let server: ServerProcess;
beforeAll(async () => {
  test = await startTestStack();
  database = openDatabase(test.stack.databaseUrl, 1, withKeysOf(test.stack.env['ENCRYPTION_KEYS']));
});
beforeEach(async () => {
  server = await startServer(test.stack);
});
afterEach(() => server?.kill());
afterAll(async () => {
  await database?.end();
  await test?.close();
});

interface Request {
  readonly sentAt: number;
  readonly endedAt: number;
  readonly answer: PlacedAnswer;
}

/** Sends one order after the other on a persistent connection until the server refuses it. */
async function placeUntilRefused(): Promise<Request[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const requests: Request[] = [];
  try {
    for (;;) {
      const sentAt = performance.now();
      const answer = await placeOrder(server.url, agent);
      requests.push({ sentAt, endedAt: performance.now(), answer });
      if (answer.kind !== 'answered') return requests;
    }
  } finally {
    agent.destroy();
  }
}

async function connect(bytes: string): Promise<net.Socket> {
  const { hostname, port } = new URL(server.url);
  const socket = net.connect(Number(port), hostname);
  // The server may also close the connection with a reset.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

/** Stops the server; returns its exit code and the time that it took. */
async function stop(): Promise<{ code: number | null; ms: number }> {
  const start = performance.now();
  process.kill(server.pid, 'SIGTERM');
  const late = sleep(STOP_LIMIT_MS, null, { ref: false });
  const code = await Promise.race([server.ended, late]);
  return { code, ms: performance.now() - start };
}

async function storedOrders(): Promise<Set<string>> {
  const rows = await database<{ id: string }[]>`SELECT id FROM orders`;
  return new Set(rows.map(({ id }) => id));
}

it('finishes requests in progress under load, refuses later ones, and loses nothing', async () => {
  const orderId = await test.place('pharmacy-manual');
  const app = { documentsDir: path.join(test.dataDir, 'documents') };
  const bytes = randomBytes(DOCUMENT_BYTES);
  const stored = await storeDocument({ app, database }, orderId, { bytes });
  const before = await storedOrders();
  const silent = await connect('');
  const clients = Array.from({ length: CLIENTS }, placeUntilRefused);
  await sleep(LOAD_MS);
  const documentUrl = `${server.url}${CASE}/orders/${orderId}/documents/${stored.id}`;
  // The head of this answer was already sent, so the client was not told to close the connection.
  const keeping = new http.Agent({ keepAlive: true });
  const slow = download(
    documentUrl,
    { headers: KEY, agent: keeping },
    paced(DOCUMENT_BYTES, DOWNLOAD_MS),
  );
  await sleep(DOWNLOAD_MS / 4);

  const stoppedAt = performance.now();
  const stopping = stop();
  const requests = (await Promise.all(clients)).flat();
  const whole = await slow;
  const { code, ms } = await stopping;
  silent.destroy();
  keeping.destroy();

  expect(code).toBe(0);
  expect(whole).toEqual({ status: 200, bytes: DOCUMENT_BYTES, sha256: stored.sha256 });
  expect(requests.filter(({ answer }) => answer.kind === 'torn')).toEqual([]);
  const answered = requests.flatMap(({ answer, ...times }) =>
    answer.kind === 'answered' ? [{ ...times, ...answer }] : [],
  );
  const accepted = answered.filter(({ status }) => status === 200);
  const turnedAway = answered.filter(({ status }) => status !== 200);
  const refused = requests.filter(({ answer }) => answer.kind === 'refused');
  for (const each of turnedAway) {
    expect(each).toMatchObject({
      status: 503,
      headers: { connection: 'close', 'retry-after': '1' },
      body: {
        status: 503,
        success: false,
        message: 'Service unavailable',
        error: 'the server is stopping; send the request again',
      },
    });
  }
  // A request that was sent before the signal gets an answer; if the server had not read it, this one.
  for (const each of refused) expect(each.sentAt).toBeGreaterThan(stoppedAt);
  const finished = accepted.filter((each) => each.sentAt < stoppedAt && each.endedAt > stoppedAt);
  expect(finished.length).toBeGreaterThan(0);
  const ids = accepted.map(({ body }) => body.data?.order.id);
  const added = [...(await storedOrders())].filter((id) => !before.has(id));
  expect(new Set(ids)).toEqual(new Set(added));
  expect(ids).toHaveLength(added.length);
  expect(ids.length).toBeGreaterThan(CLIENTS);
  console.log(
    `stopped in ${Math.round(ms)} ms: ${ids.length} orders accepted and stored, ${finished.length} of them in flight at the signal; ${turnedAway.length} requests answered 503, ${refused.length} refused, 0 torn`,
  );
});

it('does not wait for a client that keeps its connection open after the last answer', async () => {
  const keeping = new http.Agent({ keepAlive: true });
  const answers = Array.from({ length: CLIENTS }, () => placeOrder(server.url, keeping));
  await sleep(20);

  const { code, ms } = await stop();

  expect(code).toBe(0);
  expect(ms).toBeLessThan(8_000);
  expect((await Promise.all(answers)).map(({ kind }) => kind)).not.toContain('torn');
  keeping.destroy();
});

it('reports not ready while it still listens', async () => {
  const ask = () =>
    fetch(`${server.url}/readyz`, { headers: { connection: 'close' } }).then(
      ({ status }) => status,
      () => undefined,
    );
  expect(await ask()).toBe(200);
  // Each request has its own connection and waits for no other, so that a slow one misses nothing.
  const answers: Promise<number | undefined>[] = [];
  const asking = setInterval(() => answers.push(ask()), 20);

  const { code } = await stop();

  clearInterval(asking);
  const seen = (await Promise.all(answers)).filter((status) => status !== undefined);
  expect(code).toBe(0);
  expect(seen.at(-1)).toBe(503);
});

it('disconnects a client that never completes its request, and exits with 0', async () => {
  const head = `POST ${CASE} HTTP/1.1\r\nHost: localhost\r\ncv-api-key: YOUR_SECRET_KEY\r\n`;
  const half = await connect(
    `${head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
  );
  const closed = once(half, 'close');
  await sleep(200);

  const { code } = await stop();

  expect(code).toBe(0);
  await closed;
});
