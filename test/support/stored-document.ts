import { createHash, randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createHead, documentIdentity } from '../../src/documents/age-header.ts';
import { sealPayload } from '../../src/documents/age-payload.ts';
import { createFileStore } from '../../src/documents/file-store.ts';
import { createSealedDocuments } from '../../src/documents/sealed-documents.ts';
import { documentKey, readOrderDataKey } from '../../src/orders/order-data-key.ts';
import type { Database } from '../../src/storage/database.ts';
import { insertDocument } from './sealed-rows.ts';

/** A document that a test stored. */
export interface StoredTestDocument {
  readonly id: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

async function keyOf(database: Database, orderId: string): Promise<Buffer> {
  const key = await readOrderDataKey(database, orderId);
  if (key === undefined) throw new Error(`order ${orderId} has no key`);
  return documentKey(key);
}

/**
 * Stores a document as the activity does: a row, and a file under its key.
 *
 * @param options.withFile whether to store the file.
 */
export async function storeDocument(
  api: { readonly app: { readonly documentsDir: string }; readonly database: Database },
  orderId: string,
  options: { bytes?: Buffer; name?: string; contentType?: string; withFile?: boolean } = {},
): Promise<StoredTestDocument> {
  const { bytes = randomBytes(1_000), name = 'label.pdf', withFile = true } = options;
  const { contentType = 'application/pdf' } = options;
  const id = randomUUID();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const storageKey = `${orderId}/${id}.pdf`;
  if (withFile) {
    // Without the checks of `SealedDocuments`: earlier versions stored empty documents and pages.
    const identity = documentIdentity(await keyOf(api.database, orderId), storageKey);
    const { head, payloadKey } = await createHead(identity);
    const sealed = (async function* () {
      yield head;
      yield* sealPayload(
        payloadKey,
        (async function* () {
          yield bytes;
        })(),
      );
    })();
    await createFileStore(api.app.documentsDir).put(storageKey, sealed);
  }
  const document = { id, name, contentType, size: bytes.length, sha256, storageKey };
  await insertDocument(api.database, orderId, document);
  return { id, bytes, sha256 };
}

/** Returns the decrypted bytes of an order's stored PDF. */
export async function readStoredDocument(
  database: Database,
  documentsDir: string,
  { orderId, documentId }: { orderId: string; documentId: string },
): Promise<Buffer> {
  const documents = createSealedDocuments(createFileStore(documentsDir));
  const storageKey = path.join(orderId, `${documentId}.pdf`);
  return await buffer(await documents.open(storageKey, await keyOf(database, orderId)));
}
