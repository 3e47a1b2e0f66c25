import type { AuditSource } from '../audit/record-audit.ts';
import { type Database, outcomeWithTimeout, type Sql } from '../storage/database.ts';
import { forOrganization } from '../storage/row-level-security.ts';
import { checkedOrders, type Verdict } from './preconditions.ts';

/** An order as it is stored: its patient data is encrypted. */
export interface NewOrder {
  readonly orderId: string;
  readonly organizationId: string;
  /** null if Postgres cannot store the text, so that no case can have the id. */
  readonly caseId: string | null;
  readonly pharmacyId: string;
  readonly dataKey: string;
  readonly idempotencyHash: Buffer | null;
  readonly idempotencyKey: string | null;
  readonly fingerprint: Buffer;
  readonly prescription: string;
  readonly shippingAddress: string | null;
  readonly hasAddress: boolean;
  /** The strict mode of an organization refuses the order's identifiers. */
  readonly faulty: boolean;
  /** The caller, for the audit log. */
  readonly by: AuditSource;
  /** The trace of the request; null while tracing is off. */
  readonly traceparent: string | null;
}

/** What became of an order. `accepted` is false, too, if its idempotency key is already used. */
export interface StoreOutcome extends Verdict {
  readonly accepted: boolean;
}

/**
 * Stores orders of one organization in one transaction, all that can be accepted. One statement stores each
 * order, its idempotency key, its first timeline row, the outbox row that starts its workflow and the audit
 * row. When this function returns, the accepted orders survive any crash.
 *
 * @param limitMs the time limit in milliseconds; after it, nothing is stored.
 * @returns the outcomes, in the sequence of the orders.
 */
export async function storeOrders(
  database: Database,
  organizationId: string,
  orders: readonly NewOrder[],
  limitMs?: number,
): Promise<readonly StoreOutcome[]> {
  // The time limit is inside the transaction, where it can roll back: an order that is refused with 503
  // must not be stored.
  const rows = await outcomeWithTimeout(
    (goOn) =>
      forOrganization(database, organizationId, async (sql) => {
        goOn();
        const stored = await insertOrders(sql, organizationId, distinct(orders));
        goOn();
        return stored;
      }),
    limitMs,
  );
  const outcomes = new Map<string, StoreOutcome>(rows.map((row) => [row.id, row]));
  return orders.map(({ orderId }) => {
    const outcome = outcomes.get(orderId);
    if (outcome === undefined) throw new Error('an order has no outcome');
    // Only the first of several requests that are the same has stored the order.
    outcomes.set(orderId, { ...outcome, accepted: false });
    return outcome;
  });
}

/** Keeps the first order of each id: requests with the same idempotency key and payload have the same. */
function distinct(orders: readonly NewOrder[]): readonly NewOrder[] {
  const ids = new Set<string>();
  return orders.filter(({ orderId }) => !ids.has(orderId) && ids.add(orderId));
}

async function insertOrders(sql: Sql, organizationId: string, orders: readonly NewOrder[]) {
  const column = (read: (order: NewOrder) => string | null | undefined) =>
    orders.map((order) => read(order) ?? null);
  const bytes = (read: (order: NewOrder) => Buffer | null) =>
    column((order) => read(order)?.toString('base64'));
  return await sql<(StoreOutcome & { id: string })[]>`
    WITH asked AS (
      SELECT * FROM unnest(
        ${column((order) => order.orderId)}::text[]::uuid[],
        ${column((order) => order.caseId)}::text[],
        ${column((order) => order.pharmacyId)}::text[],
        ${column((order) => order.dataKey)}::text[],
        ${bytes((order) => order.idempotencyHash)}::text[],
        ${column((order) => order.idempotencyKey)}::text[],
        ${bytes((order) => order.fingerprint)}::text[],
        ${column((order) => order.prescription)}::text[],
        ${column((order) => order.shippingAddress)}::text[],
        ${column((order) => String(order.faulty))}::text[]::boolean[],
        ${column((order) => String(order.hasAddress))}::text[]::boolean[],
        ${column((order) => order.by.actorKind)}::text[],
        ${column((order) => order.by.actor)}::text[],
        ${column((order) => order.by.source)}::text[],
        ${column((order) => order.by.requestId)}::text[],
        ${column((order) => order.traceparent)}::text[]
      ) WITH ORDINALITY AS asked (id, case_id, pharmacy_id, order_key, idempotency_hash, idempotency_key,
        fingerprint, prescription, shipping_address, faulty, has_address, actor_kind, actor, source,
        request_id, traceparent, place)
    ), ${checkedOrders(sql, organizationId)}, accepted AS (
      INSERT INTO orders (
        id, organization_id, case_id, pharmacy_id, status, data_key, idempotency_hash,
        idempotency_key, fingerprint, prescription, shipping_address, case_key, case_address, traceparent)
      SELECT id, ${organizationId}, case_id, pharmacy_id, 'ACCEPTED', order_key,
        decode(idempotency_hash, 'base64'), idempotency_key, decode(fingerprint, 'base64'), prescription,
        shipping_address, case_key, case_address, traceparent
      FROM checked WHERE lawful AND addressed
      -- Two batches with the same keys wait for each other in one direction, so that they cannot deadlock.
      ORDER BY idempotency_hash, place
      -- A repeated request conflicts with both the key and the id.
      ON CONFLICT DO NOTHING
      RETURNING id
    ), taken AS (
      SELECT checked.* FROM accepted JOIN checked USING (id) ORDER BY place
    ), noted AS (
      INSERT INTO order_activity (order_id, actor, event, to_status)
      SELECT id, 'api', 'ORDER_ACCEPTED', 'ACCEPTED' FROM taken
    ), queued AS (
      INSERT INTO outbox (order_id, organization_id, kind, traceparent)
      SELECT id, ${organizationId}, 'start', traceparent FROM taken
    ), recorded AS (
      INSERT INTO audit_log (actor_kind, actor, action, organization_id, case_id, order_id, source,
        request_id, result)
      SELECT actor_kind, actor, 'ORDER_PLACED', ${organizationId}, case_id, id, source, request_id, 'OK'
      FROM taken
    )
    SELECT id, lawful, permitted, addressed, id IN (SELECT id FROM accepted) AS accepted FROM checked`;
}
