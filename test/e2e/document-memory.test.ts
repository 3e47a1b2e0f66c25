import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { download, paced } from '../support/download.ts';
import { withKeysOf } from '../support/sealed-rows.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { storeDocument } from '../support/stored-document.ts';

const MEGABYTE = 1024 * 1024;
const SIZE = 50 * MEGABYTE;
const DOWNLOADS = 8;
/** The slow clients, whose unread bytes must stay on the disk. */
const SLOW = 4;
/** All downloads together have four times this size, those of the slow clients twice. */
const MAX_GROWTH = 100 * MEGABYTE;
const SLOW_MS = 6_000;
const KEY = 'YOUR_SECRET_KEY';

let test: TestStack;
let database: Database;
let server: ServerProcess;
beforeAll(async () => {
  test = await startTestStack();
  database = openDatabase(test.stack.databaseUrl, 1, withKeysOf(test.stack.env['ENCRYPTION_KEYS']));
  server = await startServer(test.stack);
});
afterAll(async () => {
  await server?.kill();
  await database?.end();
  await test?.close();
});

/** Returns the memory of a process in bytes. It asks the system, because a busy process may not answer. */
async function residentBytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout) * 1024;
}

async function peakUntil(done: Promise<unknown>): Promise<number> {
  let over = false;
  const end = () => {
    over = true;
  };
  done.then(end, end);
  let peak = 0;
  while (!over) {
    peak = Math.max(peak, await residentBytes(server.pid));
    await sleep(50);
  }
  return peak;
}

it('sends a document of 50 MB to eight clients at once, half of them slow, with little memory', async () => {
  const orderId = await test.place('pharmacy-manual');
  const app = { documentsDir: path.join(test.dataDir, 'documents') };
  const stored = await storeDocument({ app, database }, orderId, { bytes: randomBytes(SIZE) });
  const orders = `${server.url}/api/v1/cases/123e4567-e89b-12d3-a456-426614174000/orders`;
  const url = `${orders}/${orderId}/documents/${stored.id}`;
  // The first request loads and compiles code, whose memory must not count for the documents.
  await download(url, { headers: { 'cv-api-key': KEY, range: 'bytes=0-99999' } });
  const before = await residentBytes(server.pid);

  const downloads = Promise.all(
    Array.from({ length: DOWNLOADS }, (_, n) =>
      download(
        url,
        { headers: { 'cv-api-key': KEY } },
        n < SLOW ? paced(SIZE, SLOW_MS) : undefined,
      ),
    ),
  );
  const peak = await peakUntil(downloads);

  for (const each of await downloads) {
    expect(each).toEqual({ status: 200, bytes: SIZE, sha256: stored.sha256 });
  }
  const growth = peak - before;
  console.log(
    `memory of the server: ${megabytes(before)} MB before, grown by ${megabytes(growth)} MB at most`,
  );
  expect(growth).toBeLessThan(MAX_GROWTH);
});

function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(0);
}
