import { openOrderReader } from '../orders/order-data-key.ts';
import type { Sql } from '../storage/database.ts';

/** The newest orders that are checked: enough to notice a wrong restore, and quick. */
const CHECKED = 1_000;

/** The result of {@link findUnreadableOrders}. */
export interface SealCheck {
  readonly checked: number;
  /** The ids of the orders whose stored data does not decrypt, newest first. */
  readonly unreadable: readonly string[];
}

/**
 * Decrypts the fields of the newest 1,000 orders that were not erased.
 *
 * @throws {NoKeysError} the process has no encryption keys.
 * @throws {KeyMissingError} a key is missing.
 */
export async function findUnreadableOrders(sql: Sql): Promise<SealCheck> {
  const rows = await sql<SealedRow[]>`
    SELECT id, data_key, prescription, shipping_address, reason, idempotency_key FROM orders
    WHERE data_key IS NOT NULL ORDER BY id DESC LIMIT ${CHECKED}`;
  const checks = rows.map(async ({ id, dataKey, ...fields }) => {
    const reader = await openOrderReader(sql, id, dataKey);
    for (const [field, sealed] of Object.entries(fields)) reader.open(field, sealed);
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
}
