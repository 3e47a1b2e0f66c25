import { readOrderRow } from '../../src/activities/order-row.ts';
import { createLocalKeyProvider } from '../../src/keys/create-key-provider.ts';
import { parseKeyRing } from '../../src/keys/key-ring.ts';
import { idempotencyHash } from '../../src/keys/keyed-hash.ts';
import { readOrderDataKey } from '../../src/orders/order-data-key.ts';
import { documentNameField } from '../../src/orders/read-order.ts';
import { addPharmacy } from '../../src/pharmacy/registry.ts';
import { openToken, openWebhookAuth } from '../../src/pharmacy/sealed-settings.ts';
import type { Database } from '../../src/storage/database.ts';
import { HASH_SECRET } from './organization.ts';

/** The keys and the hash secret for a database with encrypted rows. */
export function withKeysOf(encryptionKeys: string | undefined) {
  return {
    keys: createLocalKeyProvider(parseKeyRing(encryptionKeys ?? '')),
    hashSecret: HASH_SECRET,
  };
}

/** Returns the orders of all organizations with an idempotency key. */
export async function ordersOfKey(database: Database, key: string): Promise<string[]> {
  const organizations = await database<{ id: string }[]>`SELECT id FROM organizations`;
  const orders = organizations.map(async ({ id }) => {
    const rows = await database<{ id: string }[]>`
      SELECT id FROM orders
      WHERE organization_id = ${id} AND idempotency_hash = ${idempotencyHash(HASH_SECRET, id, key)}`;
    return rows.map((row) => row.id);
  });
  return (await Promise.all(orders)).flat();
}

/** The decrypted fields of an order's row. */
export async function openedOrder(database: Database, orderId: string) {
  const { prescription, shippingAddress, patient } = await readOrderRow(database, orderId);
  return { prescription, shippingAddress, patient };
}

/** Changes the stored prescription of an order, as if it had been accepted by other rules. */
export async function changePrescription(
  database: Database,
  orderId: string,
  changes: object,
): Promise<void> {
  const { key, prescription } = await readOrderRow(database, orderId);
  const changed = key.seal('prescription', JSON.stringify({ ...prescription, ...changes }));
  await database`UPDATE orders SET prescription = ${changed} WHERE id = ${orderId}`;
}

/** Returns a pharmacy's row, decrypted. */
export async function openedPharmacy(database: Database, id: string) {
  const [row] = await database<
    {
      kind: string;
      baseUrl: string;
      token: string;
      webhookAuth: string;
      active: boolean;
      completionLimitMs: string | null;
    }[]
  >`
    SELECT kind, base_url, token, webhook_auth, active, completion_limit_ms
    FROM pharmacies WHERE id = ${id}`;
  if (row === undefined) return undefined;
  return {
    ...row,
    token: await openToken(database, id, row.token),
    webhookAuth: await openWebhookAuth(database, id, row.webhookAuth),
  };
}

/** Copies a pharmacy, or changes it when `from` and `to` are the same. */
export async function copyPharmacy(
  database: Database,
  { from, to }: { from: string; to: string },
  changes: { active?: boolean; completionLimitMs?: number; token?: string } = {},
): Promise<void> {
  const found = await openedPharmacy(database, from);
  if (found === undefined) throw new Error(`no pharmacy ${from}`);
  const { active = true, token = found.token, completionLimitMs = null } = changes;
  await addPharmacy(database, { ...found, id: to, token, completionLimitMs }, true);
  await database`UPDATE pharmacies SET active = ${active} WHERE id = ${to}`;
}

/** Adds the row of a document to an order. */
export async function insertDocument(
  database: Database,
  orderId: string,
  document: {
    id: string;
    name: string;
    contentType?: string;
    size: number;
    sha256: string;
    storageKey: string;
  },
): Promise<void> {
  const key = await readOrderDataKey(database, orderId);
  if (key === undefined) throw new Error(`order ${orderId} has no key`);
  const { id, contentType = 'application/pdf', size, sha256, storageKey } = document;
  await database`
    INSERT INTO documents
      (id, order_id, pharmacy_document_id, name, content_type, size, sha256, storage_key)
    VALUES (${id}, ${orderId}, ${id}, ${key.seal(documentNameField(id), document.name)},
      ${contentType}, ${size}, ${sha256}, ${storageKey})`;
}
