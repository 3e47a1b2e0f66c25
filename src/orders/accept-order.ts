import { v7 as uuidv7 } from 'uuid';
import { canonicalJson } from '../contract/canonical-json.ts';
import type { PlaceOrderRequest } from '../contract/place-order.ts';
import { inTime, outcomeInTime, type Sql } from '../storage/database.ts';
import { IdempotencyConflictError, InvalidOrderError } from './errors.ts';
import { keyedHash, sameHash } from './keyed-hash.ts';
import {
  ADDRESS_MISSING,
  asJson,
  preconditions,
  requireLawfulAndOwned,
  type Verdict,
  verdict,
} from './preconditions.ts';

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
 * @throws {InvalidOrderError} no shipping address in the order and none in the case, or an
 *   identifier that the organization's strict mode refuses.
 */
export async function acceptOrder(
  sql: Sql,
  hashSecret: string,
  { organizationId, caseId, request }: Acceptance,
): Promise<{ orderId: string }> {
  const orderId = uuidv7();
  const { order, idempotencyKey } = request;
  const fingerprint = keyedHash(hashSecret, 'fingerprint', canonicalJson({ caseId, order }));
  const statement = sql<(Verdict & { accepted: boolean })[]>`
    WITH ${preconditions(sql, { organizationId, caseId, order })},
    accepted AS (
      INSERT INTO orders (
        id, organization_id, case_id, pharmacy_id, status, idempotency_key, fingerprint,
        prescription, shipping_address)
      SELECT ${orderId}, ${organizationId}, id, ${order.pharmacyId}, 'ACCEPTED',
        ${idempotencyKey ?? null}, ${fingerprint}, ${asJson(order)}::text::json, address
      FROM owned WHERE address IS NOT NULL AND EXISTS (SELECT FROM lawful)
      ON CONFLICT (organization_id, idempotency_key) DO NOTHING
      RETURNING id
    ), noted AS (
      INSERT INTO order_activity (order_id, actor, event, to_status)
      SELECT id, 'api', 'ORDER_ACCEPTED', 'ACCEPTED' FROM accepted
    ), queued AS (
      INSERT INTO outbox (order_id, organization_id, kind)
      SELECT id, ${organizationId}, 'start' FROM accepted
    )
    SELECT ${verdict(sql)}, EXISTS (SELECT FROM accepted) AS accepted`;
  // Bounded here, where it can be cancelled: an order that is refused with 503 must not be stored.
  const [row] = await outcomeInTime(statement);
  if (row?.accepted) return { orderId };
  requireLawfulAndOwned(order, row);
  // A used key is told before a missing address: the same request must get the same answer again.
  if (idempotencyKey !== undefined) {
    const holder = await inTime(findByIdempotencyKey(sql, organizationId, idempotencyKey));
    if (holder !== undefined) {
      const same = sameHash(holder.fingerprint, fingerprint);
      throw new IdempotencyConflictError(same ? holder : undefined);
    }
  }
  throw new InvalidOrderError([ADDRESS_MISSING]);
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
