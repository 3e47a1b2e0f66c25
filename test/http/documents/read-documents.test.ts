import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentLinks } from '../../../src/documents/document-links.ts';
import { startApp } from '../../support/app.ts';
import { eventually } from '../../support/eventually.ts';
import { HASH_SECRET } from '../../support/organization.ts';
import { storeDocument } from '../../support/stored-document.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
let orderId: string;
let documents: string;
beforeAll(async () => {
  api = await startTestApi();
  orderId = (await api.place(exampleWithoutKey())).json.data.order.id;
  documents = `/api/v1/cases/${api.organization.caseId}/orders/${orderId}/documents`;
});
afterAll(() => api.close());

interface Stored {
  readonly id: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

/** Stores a document as the activity does: a row, and a file under its key. */
const store = (
  options: { bytes?: Buffer; contentType?: string; name?: string; withFile?: boolean } = {},
): Promise<Stored> => storeDocument(api, orderId, { bytes: randomBytes(100_000), ...options });

/** Makes one document the next version of another. */
async function supersede(before: Stored, after: Stored): Promise<void> {
  await api.database`
    UPDATE documents SET pharmacy_document_id = ${before.id}, version = 2, supersedes = ${before.id}
    WHERE id = ${after.id}`;
}

function download(id: string, method = 'GET'): Promise<Response> {
  return fetch(`${api.app.url}${documents}/${id}`, {
    method,
    headers: { 'cv-api-key': api.organization.apiKey },
  });
}

describe('the list', () => {
  it('describes each document without its storage key', async () => {
    const first = await store({ name: 'one.pdf' });
    const second = await store({ name: '../../évil\n.pdf', contentType: 'text/html' });

    const answer = await api.get(documents);

    expect(answer.status).toBe(200);
    expect(answer.json.data.nextCursor).toBeNull();
    expect(Object.keys(answer.json.data)).toEqual(['documents', 'nextCursor']);
    const listed = answer.json.data.documents as Record<string, unknown>[];
    expect(listed.find(({ id }) => id === first.id)).toEqual({
      id: first.id,
      name: 'one.pdf',
      contentType: 'application/pdf',
      size: first.bytes.length,
      sha256: first.sha256,
      version: 1,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(listed.find(({ id }) => id === second.id)).toMatchObject({ name: '../../évil\n.pdf' });
    expect(answer.text).not.toContain(api.app.documentsDir);
  });

  it('has every version, and says when the pharmacy withdrew the newest', async () => {
    const [before, after] = [await store(), await store()];
    await supersede(before, after);
    await api.database`UPDATE documents SET deleted_at = now() WHERE id = ${after.id}`;

    const listed = (await api.get(documents)).json.data.documents as Record<string, unknown>[];

    const old = listed.find(({ id }) => id === before.id);
    expect(old).toMatchObject({ version: 1 });
    expect(old).not.toHaveProperty('supersedes');
    expect(old).not.toHaveProperty('deletedAt');
    expect(listed.find(({ id }) => id === after.id)).toMatchObject({
      version: 2,
      supersedes: before.id,
      deletedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    // Somebody may have acted on either of them.
    for (const { id, bytes } of [before, after]) {
      const response = await download(id);
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    }
  });
});

describe('the bytes of a document', () => {
  it('are sent as they were stored, with their type, length and hash', async () => {
    const { id, bytes, sha256 } = await store();

    const response = await download(id);

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/pdf');
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    expect(response.headers.get('etag')).toContain(sha256);
    expect(response.headers.get('cache-control')).toContain('no-store');
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('may be empty', async () => {
    const { id } = await store({ bytes: Buffer.alloc(0) });

    const response = await download(id);

    expect(response.headers.get('content-length')).toBe('0');
    expect(await response.text()).toBe('');
  });

  it('are omitted in the answer to HEAD', async () => {
    const { id, bytes } = await store();

    const response = await download(id, 'HEAD');

    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    expect(await response.text()).toBe('');
  });

  it.each([
    'text/html\r\nset-cookie: a=b',
    'pdf',
    '',
    'text/plain; charset="x',
    'application/pdf, text/html',
    'приложение/pdf',
  ])(
    'are sent as octet-stream if the pharmacy’s type %j is not a valid header',
    async (contentType) => {
      const { id, bytes } = await store({ contentType });

      const response = await download(id);

      expect(response.headers.get('content-type')).toBe('application/octet-stream');
      expect(response.headers.get('set-cookie')).toBeNull();
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    },
  );

  it.each([
    ['HTML', 'text/html', '<script>'],
    ['SVG', 'image/svg+xml', '<svg onload="x()">'],
  ])('are never rendered as a page of our origin: %s', async (_what, contentType, text) => {
    const { id } = await store({ contentType, bytes: Buffer.from(text) });

    const response = await download(id);

    expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('get an error in the envelope if the store has lost them', async () => {
    const { id } = await store({ withFile: false });

    const answer = await api.get(`${documents}/${id}`);

    expect(answer.status).toBe(500);
    expect(answer.headers.has('etag')).toBe(false);
    expect(answer.text).not.toContain(orderId);
  });
});

describe('a document that does not exist', () => {
  it.each([
    ['unknown', () => randomUUID()],
    ['malformed', () => 'label.pdf'],
    ['a path traversal', () => '..%2F..%2Fetc%2Fpasswd'],
    ['NUL', () => '%00'],
  ])('is answered with 404 if its id is %s', async (_what, id) => {
    const answer = await api.get(`${documents}/${id()}`);

    expect(answer.json).toEqual({
      status: 404,
      success: false,
      message: 'Not found',
      error: 'document not found',
    });
  });

  it('is answered with 404 below another order of the case', async () => {
    const { id } = await store();
    const another = (await api.place(exampleWithoutKey())).json.data.order.id as string;

    const answer = await api.get(documents.replace(orderId, another) + `/${id}`);

    expect(answer.status).toBe(404);
  });
});

/** The open files of this process in a folder, on Linux. */
function openFilesIn(folder: string): string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return ''; // Closed meanwhile.
      }
    })
    .filter((file) => file.startsWith(folder));
}

it.runIf(process.platform === 'linux')(
  'clients that never read a document are disconnected, and its file is closed',
  async () => {
    const app = await startApp(api.asServer, {
      http: { slowReaders: { idleMs: 500, bytesPerSecond: 1_000_000 } },
    });
    const bytes = Buffer.alloc(24 * 1024 * 1024);
    const { id } = await storeDocument({ app, database: api.database }, orderId, { bytes });
    const link = new URL(
      createDocumentLinks({ publicUrl: app.url, secrets: [HASH_SECRET] }).create(id),
    );
    const { port } = new URL(app.url);
    const sockets = await Promise.all(
      [`${documents}/${id}`, link.pathname + link.search].map(async (path) => {
        const socket = net.connect(Number(port), '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: a\r\ncv-api-key: ${api.organization.apiKey}\r\n\r\n`,
        );
        const [head] = (await once(socket, 'data')) as [Buffer];
        socket.pause(); // and never reads again
        expect(head.toString('latin1')).toMatch(/^HTTP\/1\.1 200 /);
        return socket;
      }),
    );
    expect(openFilesIn(app.documentsDir)).toHaveLength(2);

    await eventually(
      'the files are closed',
      async () => openFilesIn(app.documentsDir).length === 0,
    );
    for (const socket of sockets) socket.destroy();
    await app.close();
  },
);
