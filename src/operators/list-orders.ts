import { ORDER_STATUSES, type OrderStatus, type OrderSummary } from '../contract/order.ts';
import { UnknownIdError } from '../lib/operator-errors.ts';
import { isUuid } from '../lib/uuid.ts';
import { type DelayRow, delayColumns, delayOf, isDelayed } from '../orders/delay.ts';
import { openOrderReaders } from '../orders/order-data-key.ts';
import { repairReasonField, requesterColumn } from '../orders/repairs/repair.ts';
import { requireOrganization } from '../organizations/organizations.ts';
import type { Sql } from '../storage/database.ts';

/*
 * Orders of all organizations, for the operators of the deployment. The results contain no patient data:
 * no prescription, no text of a pharmacy (`reason`), no document names.
 */

/** An order without patient data. */
export interface OperatorOrder {
  readonly id: string;
  readonly organizationId: string;
  readonly caseId: string;
  readonly pharmacyId: string;
  readonly pharmacyOrderId: string | null;
  readonly status: OrderStatus;
  readonly reasonCode: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** A step that has been failing for more than a minute; null without one. */
  readonly delay: Required<OrderSummary>['delay'] | null;
}

/** Selects orders; an undefined field does not restrict the selection. */
export interface OrderFilter {
  readonly statuses: readonly OrderStatus[] | undefined;
  readonly organizationId: string | undefined;
  readonly pharmacyId: string | undefined;
  /** Only orders with a step that has been failing for more than a minute. */
  readonly delayed: boolean;
  /** Only orders that were accepted at this time or later. */
  readonly since?: Date | undefined;
  /** Only orders that were accepted before this time. */
  readonly until?: Date | undefined;
  /** Only these orders. */
  readonly ids?: readonly string[] | undefined;
  readonly limit: number;
}

/** A change of an order: a row of `order_activity` without its detail. */
export interface OperatorActivity {
  readonly at: Date;
  readonly actor: string;
  readonly event: string;
  readonly fromStatus: string | null;
  readonly toStatus: string | null;
  readonly reasonCode: string | null;
  /** The operator who repaired the order, and their reason; null for other changes. */
  readonly by: string | null;
  readonly why: string | null;
}

/** An order with its timeline, and with the numbers of its documents and shipments. */
export interface OperatorOrderDetail extends OperatorOrder {
  readonly organizationName: string;
  /** The id of the order's workflow, for the Temporal UI. */
  readonly workflowId: string;
  /** When the order was, or may have been, sent to the pharmacy. */
  readonly sentAt: Date | null;
  readonly documents: number;
  readonly shipments: number;
  readonly activity: readonly OperatorActivity[];
}

/**
 * Returns the newest orders that match.
 *
 * @throws {UnknownIdError} the organization does not exist.
 */
export async function listOrdersForOperators(
  sql: Sql,
  filter: OrderFilter,
): Promise<OperatorOrder[]> {
  const { organizationId } = filter;
  if (organizationId !== undefined) await requireOrganization(sql, organizationId);
  const rows = await sql<(Omit<OperatorOrder, 'delay'> & DelayRow)[]>`
    SELECT id, organization_id, case_id, pharmacy_id, pharmacy_order_id, status, reason_code,
      created_at, updated_at, ${delayColumns(sql)}
    FROM (${newest(sql, filter)}) AS orders ORDER BY created_at DESC, id DESC`;
  return rows.map(withDelay);
}

/** Selects the orders by an index for each kind of filter. */
function newest(sql: Sql, filter: OrderFilter) {
  const { statuses = ORDER_STATUSES, organizationId, pharmacyId, delayed, limit } = filter;
  const inOrder = sql`ORDER BY orders.created_at DESC, orders.id DESC LIMIT ${limit}`;
  const ofPharmacy = pharmacyId === undefined ? sql`` : sql`AND orders.pharmacy_id = ${pharmacyId}`;
  const { since, until } = filter;
  const inTime = sql`
    ${since === undefined ? sql`` : sql`AND created_at >= ${since}`}
    ${until === undefined ? sql`` : sql`AND created_at < ${until}`}`;
  if (filter.ids !== undefined) {
    return sql`SELECT * FROM orders WHERE id = ANY(${[...filter.ids]}::uuid[]) ${inOrder}`;
  }
  if (delayed) {
    // MATERIALIZED keeps Postgres from reading all orders in the hope of finding enough delayed ones soon.
    return sql`
      WITH delayed AS MATERIALIZED (SELECT * FROM orders WHERE ${isDelayed(sql)})
      SELECT * FROM delayed AS orders
      WHERE status = ANY(${statuses}::text[]) ${ofPharmacy} ${inTime}
        ${organizationId === undefined ? sql`` : sql`AND organization_id = ${organizationId}`}
      ${inOrder}`;
  }
  // The indexes are sorted within an organization, or within its status: the newest of each include the newest of all.
  const byStatus = filter.statuses !== undefined || pharmacyId !== undefined;
  return sql`
    SELECT orders.* FROM organizations
    ${byStatus ? sql`CROSS JOIN unnest(${statuses}::text[]) AS listed (status)` : sql``}
    CROSS JOIN LATERAL (
      SELECT * FROM orders
      WHERE orders.organization_id = organizations.id
        ${byStatus ? sql`AND orders.status = listed.status ${ofPharmacy}` : sql``} ${inTime}
      ${inOrder}
    ) AS orders
    WHERE true ${organizationId === undefined ? sql`` : sql`AND organizations.id = ${organizationId}`}
    ${inOrder}`;
}

/** Replaces the columns of the delay by the delay. */
function withDelay<Row extends DelayRow>({
  delayCode,
  delaySince,
  delayAttempts,
  delayNextAt,
  isDelayed: isShown,
  ...order
}: Row) {
  const row = { delayCode, delaySince, delayAttempts, delayNextAt, isDelayed: isShown };
  return { ...order, delay: delayOf(row) ?? null };
}

/** Reads one order. @throws {UnknownIdError} the order does not exist. */
export async function readOrderForOperators(
  sql: Sql,
  orderId: string,
): Promise<OperatorOrderDetail> {
  if (!isUuid(orderId)) throw new UnknownIdError('order');
  const [order] = await sql<(Omit<OperatorOrderDetail, 'activity' | 'delay'> & DelayRow)[]>`
    SELECT orders.id, organization_id, organizations.name AS organization_name, case_id,
      'order-' || orders.id AS workflow_id, pharmacy_id, pharmacy_order_id, status, reason_code,
      sent_at, orders.created_at, updated_at, ${delayColumns(sql)},
      (SELECT count(*)::integer FROM documents WHERE order_id = orders.id) AS documents,
      (SELECT count(*)::integer FROM shipments WHERE order_id = orders.id) AS shipments
    FROM orders JOIN organizations ON organizations.id = organization_id
    WHERE orders.id = ${orderId}`;
  if (order === undefined) throw new UnknownIdError('order');
  const rows = await sql<(OperatorActivity & { repairId: string | null })[]>`
    SELECT at, actor, event, from_status, to_status, reason_code,
      ${requesterColumn(sql)} AS by, reason AS why, order_repairs.id AS repair_id
    FROM order_activity LEFT JOIN order_repairs ON order_repairs.order_id = order_activity.order_id
      AND order_repairs.id::text = detail ->> 'repairId'
    WHERE order_activity.order_id = ${orderId} ORDER BY order_activity.id`;
  const reader = (await openOrderReaders(sql, [orderId])).get(orderId);
  const activity = rows.map(({ repairId, why, ...row }) => ({
    ...row,
    why: (repairId !== null && reader?.open(repairReasonField(repairId), why)) || null,
  }));
  return { ...withDelay(order), activity };
}
