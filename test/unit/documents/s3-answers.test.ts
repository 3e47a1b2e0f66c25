import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DocumentStoreError } from '../../../src/documents/document-errors.ts';
import type { DocumentStore } from '../../../src/documents/document-store.ts';
import { createS3Store } from '../../../src/documents/s3-store.ts';
import { flood } from '../../support/flood.ts';

// Answers that the S3 server of test/e2e/s3-store.test.ts cannot send.

const DOCUMENT = Buffer.alloc(5 * 1024 * 1024, 'D');

let service: Server;
let answer: { status: number; body: Buffer | 'flood' };
let flooded: () => number;
let codings: string | string[] | undefined;
let store: DocumentStore;
beforeAll(async () => {
  service = createServer((request, response) => {
    request.resume();
    codings = request.headers['accept-encoding'];
    response.writeHead(answer.status, { 'content-type': 'application/xml' });
    if (answer.body === 'flood') flooded = flood(response, '<?xml version="1.0"?><Result><Key>');
    else response.end(answer.body);
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  store = createS3Store({
    bucket: 'documents',
    endpoint: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test-access', secretAccessKey: 'test-secret-of-tests' },
  });
});
afterAll(() => {
  service.closeAllConnections();
  service.close();
});

async function* small(): AsyncIterable<Uint8Array> {
  yield Buffer.from('a document');
}

const CALLS: readonly [string, number, () => Promise<unknown>][] = [
  ['storing', 200, () => store.put('order-1/a.pdf', small())],
  ['storing', 403, () => store.put('order-1/a.pdf', small())],
  ['reading', 403, () => store.open('order-1/a.pdf')],
  ['removing', 403, () => store.remove('order-1/a.pdf')],
  ['listing', 200, () => store.removeAll('order-1/')],
  ['listing', 403, () => store.removeAll('order-1/')],
];

it.each(CALLS)('gives up an endless answer to %s, with status %d', async (_, status, call) => {
  answer = { status, body: 'flood' };
  await expect(call()).rejects.toEqual(new DocumentStoreError('AnswerTooLarge'));
  expect(flooded()).toBeLessThan(16 * 1024 * 1024);
});

it('reads a document that is larger than other answers may be, without a content coding', async () => {
  answer = { status: 200, body: DOCUMENT };
  const read = await buffer(await store.open('order-1/a.pdf'));
  expect(read.equals(DOCUMENT)).toBe(true);
  expect(codings).toBe('identity');
});
