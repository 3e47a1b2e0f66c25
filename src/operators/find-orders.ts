import { idempotencyHash } from '../keys/keyed-hash.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Sql } from '../storage/database.ts';

/** The most orders that one text finds. */
const MOST = 100;

/**
 * Finds orders by what people have in their hands: the order's id, the pharmacy's id of the order, the id of a case, an
 * idempotency key, or the number of a parcel. Each is looked up by an index, for every organization or pharmacy.
 *
 * @param hashSecret the key of the hashes of idempotency keys.
 * @returns the ids of the orders, the newest first.
 */
export async function findOrders(sql: Sql, hashSecret: string, text: string): Promise<string[]> {
  if (text === '' || text.includes('\0')) return [];
  const organizations = await sql<{ id: string }[]>`SELECT id FROM organizations`;
  const hashes = organizations.map(({ id }) => ({
    organizationId: id,
    hash: idempotencyHash(hashSecret, id, text).toString('hex'),
  }));
  const rows = await sql<{ id: string }[]>`
    SELECT id FROM (
      SELECT id, created_at FROM orders WHERE ${isUuid(text) ? sql`id = ${text}` : sql`false`}
      UNION
      SELECT orders.id, orders.created_at FROM pharmacies
        JOIN orders ON pharmacy_id = pharmacies.id AND pharmacy_order_id = ${text}
      UNION
      SELECT orders.id, orders.created_at FROM organizations
        JOIN orders ON organization_id = organizations.id AND case_id = ${text}
      UNION
      SELECT orders.id, orders.created_at
        FROM jsonb_to_recordset(${sql.json(hashes)}::jsonb) AS key ("organizationId" uuid, hash text)
        JOIN orders ON organization_id = key."organizationId" AND idempotency_hash = decode(key.hash, 'hex')
      UNION
      SELECT orders.id, orders.created_at FROM shipments
        JOIN orders ON orders.id = order_id AND search_hash = ${sql.keys.trackingHash(text)}
    ) AS found ORDER BY created_at DESC LIMIT ${MOST}`;
  return rows.map(({ id }) => id);
}
