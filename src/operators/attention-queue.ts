import type { Sql } from '../storage/database.ts';

/** An order that waits for a decision of an operator. */
export interface WaitingOrder {
  readonly id: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly caseId: string;
  readonly pharmacyId: string;
  readonly pharmacyOrderId: string | null;
  readonly reasonCode: string | null;
  /** Since when it waits. */
  readonly since: Date;
  /** The version of the order, for a repair. */
  readonly version: string;
  /** Whether the order had ended before: an operator can keep that end. */
  readonly hadEnded: boolean;
  /** The last repair; null without one. */
  readonly lastRepair: LastRepair | null;
}

/** Who repaired an order last. */
export interface LastRepair {
  readonly kind: string;
  readonly by: string;
  readonly at: Date;
}

/** Selects orders of the queue; an undefined field does not restrict the selection. */
export interface QueueFilter {
  readonly organizationId?: string | undefined;
  readonly pharmacyId?: string | undefined;
  readonly reasonCode?: string | undefined;
  readonly orderId?: string | undefined;
  readonly limit: number;
}

/** The values that the queue can be filtered by, with the number of orders of each. */
export interface QueueFacets {
  readonly organizations: readonly (Facet & { readonly name: string })[];
  readonly pharmacies: readonly Facet[];
  readonly reasons: readonly Facet[];
}

/** A value and the number of orders that have it. */
export interface Facet {
  readonly value: string;
  readonly count: number;
}

/** Returns the orders that need attention, those that wait longest first. */
export async function listWaitingOrders(
  sql: Sql,
  { organizationId, pharmacyId, reasonCode, orderId, limit }: QueueFilter,
): Promise<WaitingOrder[]> {
  const rows = await sql<(Omit<WaitingOrder, 'lastRepair'> & Repair)[]>`
    SELECT orders.id, organization_id, organizations.name AS organization_name, case_id, pharmacy_id,
      pharmacy_order_id, reason_code, updated_at AS since, updated_at::text AS version,
      coalesce(from_status IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED'), false) AS had_ended,
      repair.kind AS repair_kind, repair.requested_by AS repair_by, repair.requested_at AS repair_at
    FROM (SELECT * FROM orders WHERE status = 'NEEDS_ATTENTION'
        ${organizationId === undefined ? sql`` : sql`AND organization_id::text = ${organizationId}`}
        ${pharmacyId === undefined ? sql`` : sql`AND pharmacy_id = ${pharmacyId}`}
        ${reasonCode === undefined ? sql`` : sql`AND reason_code = ${reasonCode}`}
        ${orderId === undefined ? sql`` : sql`AND id = ${orderId}`}
      ORDER BY updated_at, id LIMIT ${limit}) AS orders
    JOIN organizations ON organizations.id = organization_id
    LEFT JOIN LATERAL (SELECT from_status FROM order_activity
      WHERE order_id = orders.id AND event = 'STATUS_CHANGED' AND from_status <> to_status
      ORDER BY order_activity.id DESC LIMIT 1) AS activity ON true
    LEFT JOIN LATERAL (SELECT kind, requested_by, requested_at FROM order_repairs
      WHERE order_id = orders.id ORDER BY requested_at DESC LIMIT 1) AS repair ON true
    ORDER BY updated_at, orders.id`;
  return rows.map(({ repairKind, repairBy, repairAt, ...order }) => ({
    ...order,
    lastRepair:
      repairKind === null || repairBy === null || repairAt === null
        ? null
        : { kind: repairKind, by: repairBy, at: repairAt },
  }));
}

interface Repair {
  readonly repairKind: string | null;
  readonly repairBy: string | null;
  readonly repairAt: Date | null;
}

/** Counts the orders that need attention by each value that they can be filtered by. */
export async function readQueueFacets(sql: Sql): Promise<QueueFacets> {
  const count = (column: 'organization_id' | 'pharmacy_id' | 'reason_code') => sql<Facet[]>`
    SELECT coalesce(${sql(column)}::text, '') AS value, count(*)::int AS count FROM orders
    WHERE status = 'NEEDS_ATTENTION' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100`;
  const [organizations, pharmacies, reasons, names] = await Promise.all([
    count('organization_id'),
    count('pharmacy_id'),
    count('reason_code'),
    sql<{ id: string; name: string }[]>`SELECT id, name FROM organizations`,
  ]);
  const nameOf = new Map(names.map(({ id, name }) => [id, name]));
  return {
    organizations: organizations.map((each) => ({
      ...each,
      name: nameOf.get(each.value) ?? each.value,
    })),
    ...{ pharmacies, reasons },
  };
}
