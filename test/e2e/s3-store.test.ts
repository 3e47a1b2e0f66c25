import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../sandbox/ports.ts';
import { DocumentBrokenError, DocumentStoreError } from '../../src/documents/document-errors.ts';
import type { DocumentStore } from '../../src/documents/document-store.ts';
import { createReadCheck, probeStore } from '../../src/documents/probe-store.ts';
import { createS3Store, type S3Settings } from '../../src/documents/s3-store.ts';
import { createSealedDocuments } from '../../src/documents/sealed-documents.ts';
import { testDocumentStore } from '../support/document-store-contract.ts';
import { type S3Server, startVersitygw } from '../support/versitygw.ts';

const BUCKET = 'documents';

let server: S3Server;
let settings: S3Settings;
let store: DocumentStore;
let client: S3Client;
beforeAll(async () => {
  server = await startVersitygw();
  await mkdir(path.join(server.folder, BUCKET));
  const { url: endpoint, region, credentials } = server;
  settings = { bucket: BUCKET, endpoint, region, credentials };
  store = createS3Store(settings);
  client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
});
afterAll(async () => {
  client?.destroy();
  await server?.close();
});

async function* stream(...parts: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts;
}

/** Returns all objects, and the uploads that are neither completed nor aborted. */
async function leftovers(prefix: string): Promise<string[]> {
  const folder = path.join(server.folder, BUCKET, prefix);
  const files = await readdir(folder).catch(() => []);
  const begun = await client.send(
    new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: prefix }),
  );
  const uploads = (begun.Uploads ?? []).map(({ Key }) => `upload of ${Key}`);
  return [...files.map((name) => prefix + name), ...uploads];
}

testDocumentStore('S3 store', () => ({ store, leftovers }));

describe('S3 store', () => {
  it('passes the checks of /readyz and rx doctor, which leave nothing', async () => {
    const before = await leftovers('');
    await createReadCheck(store)();
    expect(await probeStore(store)).toBeUndefined();
    expect(await leftovers('')).toEqual(before);
  });

  it('aborts the unfinished uploads of an order that a killed process left', async () => {
    const begun = { Bucket: BUCKET, Key: 'order-9/document.pdf' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(begun));
    const part = { ...begun, UploadId, PartNumber: 1, Body: randomBytes(100) };
    await client.send(new UploadPartCommand(part));
    expect(await leftovers('order-9/')).toEqual(['upload of order-9/document.pdf']);
    await store.removeAll('order-9/');
    expect(await leftovers('order-9/')).toEqual([]);
  });

  it.each([
    ['with a wrong secret', { secretAccessKey: 'wrong' }, {}, 'SignatureDoesNotMatch'],
    ['without its bucket', {}, { bucket: 'no-such-bucket' }, 'NoSuchBucket'],
  ])('fails with only a code %s', async (_, credentials, other, code) => {
    const wrong = createS3Store({
      ...settings,
      credentials: { ...server.credentials, ...credentials },
      ...other,
    });
    const failure = new DocumentStoreError(code);
    await expect(wrong.put('order-1/a.pdf', stream(randomBytes(10)))).rejects.toEqual(failure);
    await expect(wrong.open('order-1/a.pdf')).rejects.toEqual(failure);
    await expect(wrong.removeAll('order-1/')).rejects.toEqual(failure);
  });

  it('fails with a code after a limited number of attempts when nothing listens', async () => {
    const { PORT } = await freePorts();
    const unreachable = createS3Store({ ...settings, endpoint: `http://127.0.0.1:${PORT}` });
    const failure = new DocumentStoreError('ECONNREFUSED');
    await expect(unreachable.put('order-1/a.pdf', stream(randomBytes(10)))).rejects.toEqual(
      failure,
    );
    await expect(unreachable.open('order-1/a.pdf')).rejects.toEqual(failure);
  });

  it('stores encrypted documents, and never receives a plaintext byte', async () => {
    const documents = createSealedDocuments(store);
    const orderKey = randomBytes(32);
    const bytes = Buffer.from('Invented Name, 1 Example Street. '.repeat(400_000));
    const key = 'order-7/document.pdf';
    await documents.put(key, orderKey, stream(bytes), { size: bytes.length });
    expect((await buffer(await store.open(key))).includes('Invented')).toBe(false);
    expect((await buffer(await documents.open(key, orderKey))).equals(bytes)).toBe(true);
    const range = { start: 9_000_000, end: 9_000_099 };
    const part = await buffer(await documents.open(key, orderKey, range));
    expect(part.equals(bytes.subarray(range.start, range.end + 1))).toBe(true);
    await expect(documents.open(key, randomBytes(32))).rejects.toBeInstanceOf(DocumentBrokenError);
  });
});
