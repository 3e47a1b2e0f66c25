import { v7 as uuidv7 } from 'uuid';
import { type AuditSource, auditRow } from '../audit/record-audit.ts';
import { canonicalJson } from '../contract/canonical-json.ts';
import type { PlaceOrderRequest } from '../contract/place-order.ts';
import { idempotencyHash, keyedHash, sameHash } from '../keys/keyed-hash.ts';
import { NoSuchOrganizationError } from '../keys/keys.ts';
import { type Database, inTime, outcomeInTime, type Sql } from '../storage/database.ts';
import { forOrganization } from '../storage/scope.ts';
import {
  CaseNotPermittedError,
  IdempotencyConflictError,
  InvalidOrderError,
} from './order-errors.ts';
import {
  ADDRESS_MISSING,
  asJson,
  preconditions,
  requireLawfulAndOwned,
  storable,
  type Verdict,
  verdict,
} from './preconditions.ts';

/** An order to accept: for whom, for which case, and the request as the schema gave it back. */
export interface Acceptance {
  readonly organizationId: string;
  readonly caseId: string;
  readonly request: PlaceOrderRequest;
  /** Who asks, for the audit log. */
  readonly by: AuditSource;
}

/**
 * Accepts an order: the order, the claim of its idempotency key, its first timeline row, the outbox
 * row that starts its workflow and the row of the audit log are one statement.
 * When this returns, the order survives any crash.
 *
 * @param hashSecret keys the fingerprint by which a repeated payload is recognized.
 * @throws {CaseNotPermittedError} the case is not this organization's.
 * @throws {IdempotencyConflictError} the key is used; nothing was stored.
 * @throws {InvalidOrderError} no shipping address in the order and none in the case, or an
 *   identifier that the organization's strict mode refuses.
 */
export async function acceptOrder(
  database: Database,
  hashSecret: string,
  { organizationId, caseId, request, by }: Acceptance,
): Promise<{ orderId: string }> {
  const orderId = uuidv7();
  const { order, idempotencyKey } = request;
  const fingerprint = keyedHash(hashSecret, 'fingerprint', canonicalJson({ caseId, order }));
  const hash =
    idempotencyKey === undefined
      ? null
      : idempotencyHash(hashSecret, organizationId, idempotencyKey);
  const { key, wrapped } = await createOrderKey(database, organizationId, orderId);
  const sealed = (field: string, text: string | undefined) =>
    text === undefined ? null : key.seal(field, text);
  const address = order.shippingAddress && asJson(order.shippingAddress);
  const subject = { organizationId, caseId: storable(caseId) ?? undefined, orderId };
  const entry = { ...by, ...subject, action: 'ORDER_PLACED', result: 'OK' };
  const insert = (sql: Sql) => sql<(Verdict & { accepted: boolean })[]>`
    WITH ${preconditions(sql, { organizationId, caseId, order })},
    accepted AS (
      INSERT INTO orders (
        id, organization_id, case_id, pharmacy_id, status, data_key, idempotency_hash,
        idempotency_key, fingerprint, prescription, shipping_address, case_key, case_address)
      SELECT ${orderId}, ${organizationId}, id, ${order.pharmacyId}, 'ACCEPTED', ${wrapped}, ${hash},
        ${sealed('idempotencyKey', idempotencyKey)}, ${fingerprint},
        ${key.seal('prescription', asJson(order))}, ${sealed('shippingAddress', address)},
        data_key, address
      FROM owned WHERE addressed AND EXISTS (SELECT FROM lawful)
      ON CONFLICT (organization_id, idempotency_hash) DO NOTHING
      RETURNING id
    ), noted AS (
      INSERT INTO order_activity (order_id, actor, event, to_status)
      SELECT id, 'api', 'ORDER_ACCEPTED', 'ACCEPTED' FROM accepted
    ), queued AS (
      INSERT INTO outbox (order_id, organization_id, kind)
      SELECT id, ${organizationId}, 'start' FROM accepted
    ), recorded AS (${auditRow(sql, entry)} FROM accepted)
    SELECT ${verdict(sql)}, EXISTS (SELECT FROM accepted) AS accepted`;
  // Bounded here, where it can be undone: an order that is refused with 503 must not be stored.
  const [row] = await outcomeInTime((goOn) =>
    forOrganization(database, organizationId, async (sql) => {
      goOn();
      const rows = await insert(sql);
      goOn();
      return rows;
    }),
  );
  if (row?.accepted) return { orderId };
  requireLawfulAndOwned(order, row);
  // A used key is told before a missing address: the same request must get the same answer again.
  if (hash !== null) {
    const holder = await inTime(
      forOrganization(database, organizationId, (sql) =>
        findByIdempotencyHash(sql, organizationId, hash),
      ),
    );
    if (holder !== undefined) {
      const same = sameHash(holder.fingerprint, fingerprint);
      throw new IdempotencyConflictError(same ? holder : undefined);
    }
  }
  throw new InvalidOrderError([ADDRESS_MISSING]);
}

async function createOrderKey(sql: Sql, organizationId: string, orderId: string) {
  try {
    return await inTime(sql.keys.createSubject(organizationId, `order/${orderId}`));
  } catch (error) {
    // An organization that does not exist has no case either.
    if (error instanceof NoSuchOrganizationError) throw new CaseNotPermittedError();
    throw error;
  }
}

async function findByIdempotencyHash(
  sql: Sql,
  organizationId: string,
  hash: Buffer,
): Promise<{ orderId: string; caseId: string; fingerprint: Buffer } | undefined> {
  const [row] = await sql<{ orderId: string; caseId: string; fingerprint: Buffer }[]>`
    SELECT id AS order_id, case_id, fingerprint FROM orders
    WHERE organization_id = ${organizationId} AND idempotency_hash = ${hash}`;
  return row;
}
