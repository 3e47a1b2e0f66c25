import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Database } from '../../src/storage/database.ts';

/** A document as a test put it into the store. */
export interface StoredTestDocument {
  readonly id: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

/** Puts a document where the activity puts it: a row, and a file under its key. */
export async function storeDocument(
  door: { readonly app: { readonly documentsDir: string }; readonly database: Database },
  orderId: string,
  { bytes = randomBytes(1_000), name = 'label.pdf' }: { bytes?: Buffer; name?: string } = {},
): Promise<StoredTestDocument> {
  const id = randomUUID();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const key = `${orderId}/${id}.pdf`;
  const file = path.join(door.app.documentsDir, key);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, bytes);
  await door.database`
    INSERT INTO documents
      (id, order_id, pharmacy_document_id, name, content_type, size, sha256, storage_key)
    VALUES (${id}, ${orderId}, ${id}, ${name}, 'application/pdf', ${bytes.length}, ${sha256}, ${key})`;
  return { id, bytes, sha256 };
}
