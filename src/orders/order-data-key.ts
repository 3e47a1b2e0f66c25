import { SealBrokenError } from '../keys/aead.ts';
import type { SubjectKey } from '../keys/subject-key.ts';
import type { Sql } from '../storage/database.ts';
import { reportBrokenSeal } from './broken-seals.ts';

/*
 * Each order has its own data key, stored wrapped in `orders.data_key`. Erasing an order deletes the
 * key, so that no field can be decrypted any more (docs/adr/0022, 0023).
 */

/**
 * Unwraps an order's data key; undefined for an order that was erased.
 *
 * @throws {SealBrokenError} the key was altered. To show an order, use {@link openOrderReader}.
 */
export async function openOrderDataKey(
  sql: Sql,
  orderId: string,
  wrapped: string | null,
): Promise<SubjectKey | undefined> {
  if (wrapped === null) return undefined;
  try {
    return await sql.keys.openSubject(`order/${orderId}`, wrapped);
  } catch (error) {
    if (error instanceof SealBrokenError) reportBrokenSeal(orderId);
    throw error;
  }
}

/** Reads the data key of one order; undefined for an order that was erased. */
export async function readOrderDataKey(sql: Sql, orderId: string): Promise<SubjectKey | undefined> {
  const [row] = await sql<{ dataKey: string | null }[]>`
    SELECT data_key FROM orders WHERE id = ${orderId}`;
  return await openOrderDataKey(sql, orderId, row?.dataKey ?? null);
}

/**
 * Opens the fields of an order to show them. One order with a broken seal must not hide the other orders
 * of a list, so its fields read as null instead of an error.
 */
export interface OrderReader {
  /** The order's data key; undefined for an order that was erased, or whose data key is broken. */
  readonly key: SubjectKey | undefined;
  readonly isErased: boolean;
  /** @returns null for a field that is empty, was erased, or has a broken seal. */
  open(field: string, sealed: string | null): string | null;
  /** Whether a seal of this order has been found broken so far. */
  isUnreadable(): boolean;
}

/**
 * Unwraps an order's data key to show the order.
 *
 * @throws {KeyMissingError} a key is missing. This fault concerns the whole deployment, so it stays an error.
 */
export async function openOrderReader(
  sql: Sql,
  orderId: string,
  wrapped: string | null,
): Promise<OrderReader> {
  let unreadable = false;
  const key = await openOrderDataKey(sql, orderId, wrapped).catch((error: unknown) => {
    if (!(error instanceof SealBrokenError)) throw error;
    unreadable = true;
    return undefined;
  });
  return {
    key,
    isErased: wrapped === null,
    open(field, sealed) {
      try {
        return key?.open(field, sealed) ?? null;
      } catch (error) {
        if (!(error instanceof SealBrokenError)) throw error;
        reportBrokenSeal(orderId);
        unreadable = true;
        return null;
      }
    },
    isUnreadable: () => unreadable,
  };
}

/** As {@link openOrderReader}, for many orders, by order id; orders that do not exist are left out. */
export async function openOrderReaders(
  sql: Sql,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, OrderReader>> {
  const rows = await sql<{ id: string; dataKey: string | null }[]>`
    SELECT id, data_key FROM orders WHERE id = ANY(${[...orderIds]}::uuid[])`;
  const readers = rows.map(
    async ({ id, dataKey }) => [id, await openOrderReader(sql, id, dataKey)] as const,
  );
  return new Map(await Promise.all(readers));
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
