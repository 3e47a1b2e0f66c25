import { openOrderReader } from '../orders/order-data-key.ts';
import { documentNameField } from '../orders/read-order.ts';
import type { Sql } from '../storage/database.ts';

/** How many of the newest rows of the timeline name the orders to check: enough to notice a wrong restore, and quick. */
const ROWS = 2_000;

/** The result of {@link findUnreadableOrders}. */
export interface SealCheck {
  readonly checked: number;
  /** The ids of the orders whose stored data does not decrypt, the one that changed last first. */
  readonly unreadable: readonly string[];
}

/**
 * Decrypts the fields of the orders that changed last, and those of their documents and shipments: all orders with one of
 * the newest 2,000 rows of the timeline that were not erased.
 *
 * @throws {NoKeysError} the process has no encryption keys.
 * @throws {KeyMissingError} a key is missing.
 */
export async function findUnreadableOrders(sql: Sql): Promise<SealCheck> {
  const rows = await sql<SealedRow[]>`
    SELECT id, data_key, prescription, shipping_address, reason, idempotency_key,
      (SELECT coalesce(jsonb_object_agg(documents.id, name), '{}')
        FROM documents WHERE order_id = orders.id) AS names,
      (SELECT coalesce(jsonb_agg(jsonb_build_object(
          'trackingId', tracking_id, 'carrier', carrier, 'trackingUrl', tracking_url)), '[]')
        FROM shipments WHERE order_id = orders.id) AS shipments
    FROM orders JOIN (
      SELECT order_id, max(id) AS last
      FROM (SELECT id, order_id FROM order_activity ORDER BY id DESC LIMIT ${ROWS}) AS rows
      GROUP BY order_id
    ) AS changed ON changed.order_id = orders.id
    WHERE data_key IS NOT NULL ORDER BY changed.last DESC`;
  const checks = rows.map(async ({ id, dataKey, names, shipments, ...fields }) => {
    const reader = await openOrderReader(sql, id, dataKey);
    for (const part of [fields, ...shipments]) {
      for (const [field, sealed] of Object.entries(part)) reader.open(field, sealed);
    }
    for (const [documentId, name] of Object.entries(names)) {
      reader.open(documentNameField(documentId), name);
    }
    return reader.isUnreadable() ? [id] : [];
  });
  return { checked: rows.length, unreadable: (await Promise.all(checks)).flat() };
}

/** The names of the encrypted columns are the names of the fields. */
interface SealedRow {
  readonly id: string;
  readonly dataKey: string;
  readonly prescription: string | null;
  readonly shippingAddress: string | null;
  readonly reason: string | null;
  readonly idempotencyKey: string | null;
  /** The names of the order's documents, by document id. */
  readonly names: Readonly<Record<string, string>>;
  readonly shipments: readonly Readonly<Record<string, string | null>>[];
}
