import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFileStore } from '../../../src/documents/file-store.ts';
import { createReadCheck, probeStore } from '../../../src/documents/probe-store.ts';
import { createS3Store } from '../../../src/documents/s3-store.ts';

// test/e2e/s3-store.test.ts probes an S3 server with rights to everything.

/** Answers like a bucket that refuses some methods. */
const service = createServer((request, response) => {
  request.resume();
  requests.push(request.method ?? '');
  answer(request, response);
});
let requests: string[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let store: ReturnType<typeof createS3Store>;
beforeAll(async () => {
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
beforeEach(() => {
  requests = [];
});

function fails(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
}

describe('the check that documents can be read', () => {
  it.each([
    [403, 'AccessDenied'],
    [404, 'NoSuchBucket'],
    [403, 'InvalidAccessKeyId'],
  ])('names the answer of a bucket that refuses: %d %s', async (status, code) => {
    answer = (_, response) => fails(response, status, code);
    await expect(createReadCheck(store)()).rejects.toMatchObject({
      code: `DOCUMENT_STORE_${code}`,
    });
  });

  it('passes when the bucket says that it has no such document, and stores nothing', async () => {
    answer = (_, response) => fails(response, 404, 'NoSuchKey');
    await createReadCheck(store)();
    expect(requests).toEqual(['GET']);
  });

  it('ends although the bucket never answers, and sends no second request meanwhile', async () => {
    answer = () => undefined;
    const check = createReadCheck(store);
    for (let n = 0; n < 2; n += 1) {
      await expect(check()).rejects.toMatchObject({ code: 'DOCUMENT_STORE_TimeoutError' });
    }
    expect(requests).toEqual(['GET']);
    service.closeAllConnections();
  });
});

describe('the probe that stores, reads and removes a file', () => {
  it.each([
    ['PUT', 'cannot be stored: DOCUMENT_STORE_AccessDenied'],
    ['GET', 'cannot be read: DOCUMENT_STORE_AccessDenied'],
  ])('names the right that is missing: %s', async (method, problem) => {
    answer = (request, response) => {
      if (request.method === method) fails(response, 403, 'AccessDenied');
      else response.end();
    };
    expect(await probeStore(store)).toBe(problem);
  });

  it('names a right to remove or to list that is missing, after it has read the file', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rx-probe-'));
    const files = createFileStore(folder);
    answer = (_, response) => fails(response, 403, 'AccessDenied');
    expect(await probeStore({ ...files, removeAll: store.removeAll })).toBe(
      'cannot be removed: DOCUMENT_STORE_AccessDenied',
    );
    await rm(folder, { recursive: true });
  });

  it('leaves nothing behind', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rx-probe-'));
    expect(await probeStore(createFileStore(folder))).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('names what is wrong with a folder', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rx-probe-'));
    const file = path.join(folder, 'a-file');
    await writeFile(file, '');
    const broken = createFileStore(file);
    expect(await probeStore(broken)).toBe('cannot be stored: ENOTDIR');
    await expect(createReadCheck(broken)()).rejects.toMatchObject({ code: 'ENOTDIR' });
    await rm(folder, { recursive: true });
  });
});
