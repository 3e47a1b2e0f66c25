import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Database } from '../../src/storage/database.ts';
import { insertDocument } from './sealed-rows.ts';

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
  const size = bytes.length;
  await insertDocument(door.database, orderId, { id, name, size, sha256, storageKey: key });
  return { id, bytes, sha256 };
}
