import type { AuditSource } from '../audit/record-audit.ts';
import { canonicalJson } from '../contract/canonical-json.ts';
import type { PlaceOrderRequest } from '../contract/place-order.ts';
import { NoSuchOrganizationError } from '../keys/data-keys.ts';
import { idempotencyHash, keyedHash, sameHash } from '../keys/keyed-hash.ts';
import { type Database, type Sql, withTimeout } from '../storage/database.ts';
import { forOrganization } from '../storage/row-level-security.ts';
import { currentTraceparent } from '../tracing/tracer.ts';
import {
  CaseNotPermittedError,
  IdempotencyConflictError,
  InvalidOrderError,
} from './order-errors.ts';
import { newOrderId } from './order-id.ts';
import { ADDRESS_MISSING, asJson, askedOrder, requireLawfulAndOwned } from './preconditions.ts';
import { type NewOrder, type StoreOutcome, storeOrders } from './store-orders.ts';

/** An order to accept, with its organization and its case. */
export interface Acceptance {
  readonly organizationId: string;
  readonly caseId: string;
  /** The request as the schema parsed it. */
  readonly request: PlaceOrderRequest;
  /** The caller, for the audit log. */
  readonly by: AuditSource;
}

/** Stores an order that was prepared; see {@link storeOrders}. */
export type StoreOrder = (order: NewOrder) => Promise<StoreOutcome>;

/**
 * Accepts an order: encrypts it and stores it. When this function returns, the order survives any crash.
 *
 * @param hashSecret the key of the order's id and of the fingerprint, which recognizes a repeated payload.
 * @param store stores the order; by default, in a transaction of its own.
 * @throws {CaseNotPermittedError} the case does not belong to the organization.
 * @throws {IdempotencyConflictError} the idempotency key is already used; nothing was stored.
 * @throws {InvalidOrderError} neither the order nor its case has a shipping address, or the
 *   organization's strict mode refuses an identifier.
 */
export async function acceptOrder(
  database: Database,
  hashSecret: string,
  acceptance: Acceptance,
  store: StoreOrder = (order) => storeAlone(database, order),
): Promise<{ orderId: string }> {
  const { organizationId, request } = acceptance;
  const prepared = await prepareOrder(database, hashSecret, acceptance);
  const outcome = await store(prepared);
  const { orderId, fingerprint, idempotencyHash: hash } = prepared;
  if (outcome.accepted) return { orderId };
  requireLawfulAndOwned(request.order, outcome);
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

async function storeAlone(database: Database, order: NewOrder): Promise<StoreOutcome> {
  const [outcome] = await storeOrders(database, order.organizationId, [order]);
  if (outcome === undefined) throw new Error('the order has no outcome');
  return outcome;
}

/** Encrypts an order, and computes its hashes. */
async function prepareOrder(
  sql: Sql,
  hashSecret: string,
  { organizationId, caseId, request, by }: Acceptance,
): Promise<NewOrder> {
  const { order, idempotencyKey } = request;
  const fingerprint = keyedHash(hashSecret, 'fingerprint', canonicalJson({ caseId, order }));
  const orderId = newOrderId(hashSecret, { organizationId, idempotencyKey, fingerprint });
  const { key, wrapped } = await createOrderKey(sql, organizationId, orderId);
  const sealed = (field: string, text: string | undefined) =>
    text === undefined ? null : key.seal(field, text);
  return {
    ...{ orderId, organizationId, pharmacyId: order.pharmacyId, by },
    ...askedOrder({ caseId, order }),
    dataKey: wrapped,
    idempotencyHash:
      idempotencyKey === undefined
        ? null
        : idempotencyHash(hashSecret, organizationId, idempotencyKey),
    idempotencyKey: sealed('idempotencyKey', idempotencyKey),
    fingerprint,
    traceparent: currentTraceparent() ?? null,
    prescription: key.seal('prescription', asJson(order)),
    shippingAddress: sealed(
      'shippingAddress',
      order.shippingAddress && asJson(order.shippingAddress),
    ),
  };
}

async function createOrderKey(sql: Sql, organizationId: string, orderId: string) {
  try {
    const created = sql.keys.createSubject(organizationId, `order/${orderId}`);
    return created instanceof Promise ? await withTimeout(created) : created;
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
