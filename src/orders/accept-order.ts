import { v7 as uuidv7 } from 'uuid';
import { canonicalJson } from '../contract/canonical-json.ts';
import type { PlaceOrderRequest } from '../contract/place-order.ts';
import { inTime, type Sql } from '../storage/database.ts';
import { CaseNotPermittedError, IdempotencyConflictError, InvalidOrderError } from './errors.ts';
import { keyedHash, sameHash } from './keyed-hash.ts';

/** An order to accept: who asks, for which case, and the request as the schema gave it back. */
export interface Acceptance {
  readonly organizationId: string;
  readonly caseId: string;
  readonly request: PlaceOrderRequest;
}

/**
 * Accepts an order: the order, the claim of its idempotency key, its first timeline row and the
 * outbox row that starts its workflow are one statement, and so one transaction in one round trip.
 * When this returns, the order survives any crash.
 *
 * @param hashSecret keys the fingerprint by which a repeated payload is recognized.
 * @throws {CaseNotPermittedError} the case is not this organization's.
 * @throws {IdempotencyConflictError} the key is used; nothing was stored.
 * @throws {InvalidOrderError} no shipping address in the order and none in the case.
 */
export async function acceptOrder(
  sql: Sql,
  hashSecret: string,
  { organizationId, caseId, request }: Acceptance,
): Promise<{ orderId: string }> {
  // A text that Postgres cannot hold can't be the id of a case either.
  if (caseId.includes('\0')) throw new CaseNotPermittedError();
  const orderId = uuidv7();
  const { order, idempotencyKey } = request;
  const fingerprint = keyedHash(hashSecret, 'fingerprint', canonicalJson({ caseId, order }));
  // As text: `sql.json` would send jsonb, which reorders keys and refuses `\u0000` in customFields.
  const statement = sql<{ permitted: boolean; accepted: boolean }[]>`
    WITH owned AS (
      SELECT id, ${order.shippingAddress !== undefined} OR jsonb_typeof(patient -> 'address') IS NOT DISTINCT FROM 'object' AS has_address
      FROM cases WHERE id = ${caseId} AND organization_id = ${organizationId}
    ), accepted AS (
      INSERT INTO orders (
        id, organization_id, case_id, pharmacy_id, status, idempotency_key, fingerprint, prescription)
      SELECT ${orderId}, ${organizationId}, id, ${order.pharmacyId}, 'ACCEPTED',
        ${idempotencyKey ?? null}, ${fingerprint}, ${JSON.stringify(order)}::text::json
      FROM owned WHERE has_address
      ON CONFLICT (organization_id, idempotency_key) DO NOTHING
      RETURNING id
    ), noted AS (
      INSERT INTO order_activity (order_id, actor, event, to_status)
      SELECT id, 'api', 'ORDER_ACCEPTED', 'ACCEPTED' FROM accepted
    ), queued AS (
      INSERT INTO outbox (order_id, organization_id, kind)
      SELECT id, ${organizationId}, 'start' FROM accepted
    )
    SELECT EXISTS (SELECT FROM owned) AS permitted, EXISTS (SELECT FROM accepted) AS accepted`;
  // Bounded here, where it can be cancelled: an order that is refused with 503 must not be stored.
  const [row] = await inTime(statement);
  if (row?.accepted) return { orderId };
  if (!row?.permitted) throw new CaseNotPermittedError();
  // A used key is told before a missing address: the same request must get the same answer again.
  if (idempotencyKey !== undefined) {
    const holder = await findByIdempotencyKey(sql, organizationId, idempotencyKey);
    if (holder !== undefined) {
      const same = sameHash(holder.fingerprint, fingerprint);
      throw new IdempotencyConflictError(same ? holder : undefined);
    }
  }
  throw new InvalidOrderError([
    {
      path: 'order.shippingAddress',
      field: 'shippingAddress',
      message: 'shippingAddress is required',
    },
  ]);
}

async function findByIdempotencyKey(
  sql: Sql,
  organizationId: string,
  idempotencyKey: string,
): Promise<{ orderId: string; caseId: string; fingerprint: Buffer } | undefined> {
  const [row] = await sql<{ orderId: string; caseId: string; fingerprint: Buffer }[]>`
    SELECT id AS order_id, case_id, fingerprint FROM orders
    WHERE organization_id = ${organizationId} AND idempotency_key = ${idempotencyKey}`;
  return row;
}
