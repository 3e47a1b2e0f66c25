import { createHash, randomBytes } from 'node:crypto';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sendDocument } from '../../../src/http/document-download.ts';
import { subjectKey } from '../../../src/keys/subject-key.ts';
import type { StoredDocument } from '../../../src/orders/read-order.ts';
import {
  CHUNK,
  createSealedRig,
  HEAD,
  KEY,
  SEALED_CHUNK,
  type SealedRig,
} from '../../support/sealed-rig.ts';

// Downloads of an altered file, as a client sees them.

const bytes = randomBytes(40 * CHUNK);
const document: StoredDocument = {
  id: 'document-1',
  name: 'label.pdf',
  contentType: 'application/pdf',
  size: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  version: 1,
  storageKey: KEY,
  key: subjectKey('order/1', randomBytes(32)),
  createdAt: new Date(0).toISOString(),
};

let rig: SealedRig;
let app: FastifyInstance;
let url: string;
beforeEach(async () => {
  rig = createSealedRig();
  await rig.put(bytes);
  app = fastify();
  app.get('/', (request, reply) =>
    sendDocument(
      request,
      reply,
      { open: (key, _key, range) => rig.documents.open(key, rig.orderKey, range) },
      document,
    ),
  );
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

function flipBitOfChunk(index: number): void {
  const at = HEAD + index * SEALED_CHUNK + 100;
  rig.sealed().writeUInt8(rig.sealed().readUInt8(at) ^ 1, at);
}

/** The result of a download: its bytes, and whether the transfer was complete. */
async function download(headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers });
  const parts: Uint8Array[] = [];
  let ended = true;
  try {
    for await (const part of response.body ?? []) parts.push(part as Uint8Array);
  } catch {
    ended = false;
  }
  return { status: response.status, body: Buffer.concat(parts), ended };
}

it('sends an intact document', async () => {
  const { status, body, ended } = await download();
  expect({ status, ended }).toEqual({ status: 200, ended: true });
  expect(body.equals(bytes)).toBe(true);
});

it('answers with an error if the first chunk was altered', async () => {
  flipBitOfChunk(0);
  const { status, body } = await download();
  expect(status).toBe(500);
  expect(body.includes(bytes.subarray(0, 16))).toBe(false);
});

it('aborts the transfer before an altered chunk', async () => {
  flipBitOfChunk(30);
  const { status, body, ended } = await download();
  expect({ status, ended }).toEqual({ status: 200, ended: false });
  expect(body.length).toBeLessThanOrEqual(30 * CHUNK);
  expect(body.equals(bytes.subarray(0, body.length))).toBe(true);
});

it('aborts the transfer of a file that was truncated at a chunk boundary', async () => {
  rig.store.files.set(KEY, rig.sealed().subarray(0, HEAD + 20 * SEALED_CHUNK));
  const { body, ended } = await download();
  expect(ended).toBe(false);
  expect(body.equals(bytes.subarray(0, body.length))).toBe(true);
});

it('sends a range outside the altered chunk, and refuses one that begins in it', async () => {
  flipBitOfChunk(30);
  const outside = { range: `bytes=${31 * CHUNK}-${31 * CHUNK + 99}` };
  const right = bytes.subarray(31 * CHUNK, 31 * CHUNK + 100);
  expect(await download(outside)).toEqual({ status: 206, body: right, ended: true });
  expect((await download({ range: `bytes=${30 * CHUNK}-` })).status).toBe(500);
});
