import type { WarningCode } from '../contract/error-list.ts';
import type { PageQuery } from '../contract/order-query.ts';
import type { OrderWarning, PharmacyPage, PharmacyView } from '../contract/pharmacy.ts';
import { writeCursor } from '../lib/cursor.ts';
import type { Sql } from '../storage/database.ts';
import { cursorOf } from './list-orders.ts';

/*
 * Where an organization can place orders: at every pharmacy that is not restricted, and at the restricted
 * ones that an operator opened to it (`rx pharmacy restrict`).
 */

/** Why an order for this pharmacy cannot be sent. */
export type PharmacyFault = Omit<OrderWarning, 'field' | 'code'> & { readonly code: WarningCode };

/**
 * Reads whether an organization's order can be sent to a pharmacy now. `VALIDATE_ORDER` warns by the same
 * rule by which the workflow lets an order wait.
 *
 * @returns the reason why it cannot; undefined if it can.
 */
export async function findPharmacyFault(
  sql: Sql,
  { organizationId, pharmacyId }: { readonly organizationId: string; readonly pharmacyId: string },
): Promise<PharmacyFault | undefined> {
  // Postgres cannot store NUL in a text, so no pharmacy has such an id.
  const [pharmacy] = pharmacyId.includes('\0')
    ? []
    : await sql<{ active: boolean; permitted: boolean }[]>`
        SELECT active, ${permission(sql, organizationId)} AS permitted
        FROM pharmacies WHERE id = ${pharmacyId}`;
  return pharmacyFault(pharmacy);
}

/** Reads whether an organization may place orders at a pharmacy. */
export async function isPermitted(
  sql: Sql,
  { organizationId, pharmacyId }: { readonly organizationId: string; readonly pharmacyId: string },
): Promise<boolean> {
  const found = await sql`
    SELECT FROM pharmacies WHERE id = ${pharmacyId} AND ${permission(sql, organizationId)}`;
  return found.length > 0;
}

/**
 * Returns why an order cannot be sent to a pharmacy; undefined if it can.
 *
 * @param pharmacy undefined: no pharmacy has this id.
 * @param pharmacy.permitted whether the order's organization may place orders there.
 */
export function pharmacyFault(
  pharmacy: { readonly active: boolean; readonly permitted: boolean } | undefined,
): PharmacyFault | undefined {
  if (pharmacy === undefined) {
    return { code: 'PHARMACY_UNKNOWN', message: 'No pharmacy of this pharmacyId is set up.' };
  }
  if (!pharmacy.permitted) {
    const message = 'The organization may not place orders at this pharmacy.';
    return { code: 'PHARMACY_NOT_PERMITTED', message };
  }
  if (!pharmacy.active) {
    return { code: 'PHARMACY_INACTIVE', message: 'The pharmacy is switched off.' };
  }
  return undefined;
}

const LIST = 'pharmacies';

/**
 * Lists the pharmacies where an organization can place orders, by id.
 *
 * @throws {InvalidCursorError} the cursor does not come from this list.
 */
export async function listPharmacies(
  sql: Sql,
  organizationId: string,
  query: PageQuery,
): Promise<PharmacyPage> {
  const after = cursorOf(query, LIST, [/^[^\0]{1,255}$/]);
  const rows = await sql<PharmacyView[]>`
    SELECT id, coalesce(name, id) AS name, active FROM pharmacies
    WHERE ${permission(sql, organizationId)}
      ${after === undefined ? sql`` : sql`AND id > ${after[0] ?? ''}`}
    ORDER BY id
    LIMIT ${query.limit + 1}`;
  const pharmacies = rows.slice(0, query.limit);
  const last = pharmacies.at(-1);
  const more = rows.length > query.limit && last !== undefined;
  return { pharmacies, nextCursor: more ? writeCursor(LIST, [last.id]) : null };
}

function permission(sql: Sql, organizationId: string) {
  return sql`
    (NOT restricted OR EXISTS (
      SELECT FROM pharmacy_access
      WHERE pharmacy_id = pharmacies.id AND organization_id = ${organizationId}))`;
}
