import { v7 as uuidv7 } from 'uuid';
import { type AuditSource, auditRow } from '../audit/record-audit.ts';
import { canonicalJson } from '../contract/canonical-json.ts';
import type { PlaceOrderRequest } from '../contract/place-order.ts';
import { NoSuchOrganizationError } from '../keys/data-keys.ts';
import { idempotencyHash, keyedHash, sameHash } from '../keys/keyed-hash.ts';
import { type Database, outcomeWithTimeout, type Sql, withTimeout } from '../storage/database.ts';
import { forOrganization } from '../storage/row-level-security.ts';
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

/** An order to accept, with its organization and its case. */
export interface Acceptance {
  readonly organizationId: string;
  readonly caseId: string;
  /** The request as the schema parsed it. */
  readonly request: PlaceOrderRequest;
  /** The caller, for the audit log. */
  readonly by: AuditSource;
}

/**
 * Accepts an order. One statement stores the order, its idempotency key, its first timeline row, the
 * outbox row that starts its workflow and the audit row. When this function returns, the order survives
 * any crash.
 *
 * @param hashSecret the key of the fingerprint, which recognizes a repeated payload.
 * @throws {CaseNotPermittedError} the case does not belong to the organization.
 * @throws {IdempotencyConflictError} the idempotency key is already used; nothing was stored.
 * @throws {InvalidOrderError} neither the order nor its case has a shipping address, or the
 *   organization's strict mode refuses an identifier.
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
  // The time limit is inside the transaction, where it can roll back: an order that is refused with 503
  // must not be stored.
  const [row] = await outcomeWithTimeout((goOn) =>
    forOrganization(database, organizationId, async (sql) => {
      goOn();
      const rows = await insert(sql);
      goOn();
      return rows;
    }),
  );
  if (row?.accepted) return { orderId };
  requireLawfulAndOwned(order, row);
  // A used key is reported before a missing address, so that a repeated request gets the same answer.
  if (hash !== null) {
    const holder = await withTimeout(
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
    return await withTimeout(sql.keys.createSubject(organizationId, `order/${orderId}`));
  } catch (error) {
    // An unknown organization has no cases either.
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
