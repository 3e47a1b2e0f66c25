import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { withKeysOf } from '../support/sealed-rows.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { storeDocument } from '../support/stored-document.ts';
import { type S3Server, startVersitygw } from '../support/versitygw.ts';

// The server as in production, with a bucket instead of the folder.

const BUCKET = 'documents';

let s3: S3Server;
let test: TestStack;
let database: Database;
let server: ServerProcess;
beforeAll(async () => {
  s3 = await startVersitygw();
  await mkdir(path.join(s3.folder, BUCKET));
  test = await startTestStack();
  database = openDatabase(test.stack.databaseUrl, 1, withKeysOf(test.stack.env['ENCRYPTION_KEYS']));
  server = await startServer(test.stack, {
    DOCUMENTS_DIR: '',
    DOCUMENTS_S3_BUCKET: BUCKET,
    DOCUMENTS_S3_ENDPOINT: s3.url,
    DOCUMENTS_S3_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    DOCUMENTS_S3_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
  });
});
afterAll(async () => {
  await server?.kill();
  await database?.end();
  await test?.close();
  await s3?.close();
});

it('serves documents from a bucket, whole and by range, and answers 503 while the bucket is unreachable', async () => {
  const orderId = await test.place('pharmacy-manual');
  // Each file in the S3 server's folder is an object.
  const app = { documentsDir: path.join(s3.folder, BUCKET) };
  const bytes = randomBytes(300_000);
  const { id } = await storeDocument({ app, database }, orderId, { bytes });
  const orders = `${server.url}/api/v1/cases/123e4567-e89b-12d3-a456-426614174000/orders`;
  const get = async (headers: Record<string, string> = {}) => {
    const url = `${orders}/${orderId}/documents/${id}`;
    const response = await fetch(url, { headers: { 'cv-api-key': 'YOUR_SECRET_KEY', ...headers } });
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
  };

  const whole = await get();
  expect(whole.status).toBe(200);
  expect(whole.body.equals(bytes)).toBe(true);
  const range = { range: 'bytes=200000-200099' };
  expect(await get(range)).toEqual({ status: 206, body: bytes.subarray(200_000, 200_100) });

  await s3.close();
  const { status, body } = await get();
  expect(status).toBe(503);
  expect(body.toString()).toContain('temporarily unavailable');
});
