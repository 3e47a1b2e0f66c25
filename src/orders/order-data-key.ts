import type { SubjectKey } from '../keys/subject-key.ts';
import type { Sql } from '../storage/database.ts';

/*
 * Each order has its own data key, stored wrapped in `orders.data_key`. Erasing an order deletes the
 * key, so that no field can be decrypted any more (docs/adr/0022, 0023).
 */

/** Unwraps an order's data key; undefined for an order that was erased. */
export async function openOrderDataKey(
  sql: Sql,
  orderId: string,
  wrapped: string | null,
): Promise<SubjectKey | undefined> {
  return wrapped === null ? undefined : await sql.keys.openSubject(`order/${orderId}`, wrapped);
}

/** Reads the data keys of many orders, by order id; erased orders are left out. */
export async function readOrderDataKeys(
  sql: Sql,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, SubjectKey>> {
  const rows = await sql<{ id: string; dataKey: string }[]>`
    SELECT id, data_key FROM orders
    WHERE id = ANY(${[...orderIds]}::uuid[]) AND data_key IS NOT NULL`;
  const keys = rows.map(
    async ({ id, dataKey }) => [id, await sql.keys.openSubject(`order/${id}`, dataKey)] as const,
  );
  return new Map(await Promise.all(keys));
}

/** Reads the data key of one order; undefined for an order that was erased. */
export async function readOrderDataKey(sql: Sql, orderId: string): Promise<SubjectKey | undefined> {
  const [key] = (await readOrderDataKeys(sql, [orderId])).values();
  return key;
}

/** Derives the key that encrypts an order's documents. */
export function documentKey(key: SubjectKey): Buffer {
  return key.derive('rx-orders documents');
}

/**
 * Encrypts a text of an order, e.g. its `reason`.
 *
 * @returns null when there is no text, or the order was erased.
 */
export async function sealForOrder(
  sql: Sql,
  orderId: string,
  field: string,
  text: string | null | undefined,
): Promise<string | null> {
  if (text === null || text === undefined) return null;
  const key = await readOrderDataKey(sql, orderId);
  return key?.seal(field, text) ?? null;
}
