import { randomUUID } from 'node:crypto';
import { OperatorConflictError } from '../lib/operator-errors.ts';
import { isUuid } from '../lib/uuid.ts';
import { openOrderReader, sealForOrder } from '../orders/order-data-key.ts';
import type { Sql } from '../storage/database.ts';

/** For how long a reason lets its operator see an order, in minutes. */
const HOLDS_MINUTES = 60;
const MOST_REASONS = 100;

/** Why an operator looked at the patient data of an order. */
export interface AccessReason {
  readonly operator: string;
  /** null: the order was erased. */
  readonly reason: string | null;
  readonly at: Date;
}

/** Stores why an operator looks at an order, encrypted with its key. @returns the id, for the row of the audit log. */
export async function storeAccessReason(
  sql: Sql,
  { orderId, operator, reason }: { orderId: string; operator: string; reason: string },
): Promise<string> {
  const id = randomUUID();
  const sealed = await sealForOrder(sql, orderId, fieldOf(id), reason);
  await sql`
    INSERT INTO access_reasons (id, order_id, operator, reason)
    VALUES (${id}, ${orderId}, ${operator}, ${sealed})`;
  return id;
}

/** Whether an operator may see an order now: no reason is required, or the operator has stated one within the last hour. */
export async function maySeeOrder(sql: Sql, orderId: string, operator: string): Promise<boolean> {
  const [row] = await sql<{ may: boolean }[]>`
    SELECT NOT organizations.access_reasons OR EXISTS (
      SELECT FROM access_reasons WHERE order_id = orders.id AND access_reasons.operator = ${operator}
        AND at > now() - ${HOLDS_MINUTES} * interval '1 minute') AS may
    FROM orders JOIN organizations ON organizations.id = organization_id
    WHERE orders.id = ${orderId}`;
  return row?.may === true;
}

/**
 * Lets a command of `rx` show patient data of an organization. Only the console asks for reasons.
 *
 * @throws {OperatorConflictError} the organization requires a reason.
 */
export async function requireNoAccessReason(sql: Sql, organizationId: string): Promise<void> {
  if (!isUuid(organizationId)) return;
  const rows = await sql`
    SELECT FROM organizations WHERE id = ${organizationId} AND access_reasons`;
  if (rows.length > 0) {
    throw new OperatorConflictError(
      'the organization requires a reason from those who see patient data: use the console, which asks for it',
    );
  }
}

/** Lists why operators looked at an order, the newest first. */
export async function listAccessReasons(sql: Sql, orderId: string): Promise<AccessReason[]> {
  const rows = await sql<(AccessReason & { id: string; dataKey: string | null })[]>`
    SELECT access_reasons.id, operator, access_reasons.reason, at, data_key
    FROM access_reasons JOIN orders ON orders.id = order_id
    WHERE order_id = ${orderId} ORDER BY at DESC LIMIT ${MOST_REASONS}`;
  const reader = await openOrderReader(sql, orderId, rows[0]?.dataKey ?? null);
  return rows.map(({ id, operator, reason, at }) => ({
    ...{ operator, at },
    reason: reader.open(fieldOf(id), reason),
  }));
}

/** The field name under which a reason is encrypted. */
function fieldOf(id: string): string {
  return `access/${id}/reason`;
}
