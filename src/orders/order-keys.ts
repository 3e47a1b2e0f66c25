import type { SubjectKey } from '../keys/subject-key.ts';
import type { Sql } from '../storage/database.ts';

/** An order's key, from its row; for an order that was erased, undefined. */
export async function openOrderKey(
  sql: Sql,
  orderId: string,
  dataKey: string | null,
): Promise<SubjectKey | undefined> {
  return dataKey === null ? undefined : await sql.keys.openSubject(`order/${orderId}`, dataKey);
}

/** The keys of many orders by their ids; those that were erased have none. */
export async function readOrderKeys(
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

/** The key that an order's documents are sealed with. */
export function documentKey(key: SubjectKey): Buffer {
  return key.derive('rx-orders documents');
}

/** Seals words of an order, e.g. its `reason`; for an order that was erased they are left out. */
export async function sealForOrder(
  sql: Sql,
  orderId: string,
  field: string,
  text: string | null | undefined,
): Promise<string | null> {
  if (text === null || text === undefined) return null;
  const key = await readOrderKey(sql, orderId);
  return key?.seal(field, text) ?? null;
}

/** The key of one order; undefined when it was erased. */
export async function readOrderKey(sql: Sql, orderId: string): Promise<SubjectKey | undefined> {
  const [key] = (await readOrderKeys(sql, [orderId])).values();
  return key;
}
