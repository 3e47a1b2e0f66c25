import type { OrderWarning } from '../contract/pharmacy.ts';
import type { PrescriptionOrder } from '../contract/place-order.ts';
import { findIdentifierFaults } from '../contract/strict-identifiers.ts';
import type { FieldError } from '../contract/validation.ts';
import type { Sql } from '../storage/database.ts';
import { CaseNotPermittedError, InvalidOrderError } from './order-errors.ts';
import { findPharmacyFault } from './pharmacy-access.ts';

/*
 * What an order must satisfy beyond the rules of its own fields. `PLACE_ORDER` checks it in the
 * statement that stores the order, `VALIDATE_ORDER` with the same code and nothing stored.
 */

/** An order to check, with its organization and its case. */
export interface Candidate {
  readonly organizationId: string;
  readonly caseId: string;
  readonly order: PrescriptionOrder;
}

/** The columns of {@link verdict}. */
export interface Verdict {
  /** The organization's strict mode accepts the order's identifiers. */
  readonly lawful: boolean;
  /** The case belongs to the organization. */
  readonly permitted: boolean;
  /** The order or its case has a shipping address. */
  readonly addressed: boolean;
}

/** The error of an order without an address whose case has none either. */
export const ADDRESS_MISSING: FieldError = {
  path: 'order.shippingAddress',
  field: 'shippingAddress',
  message: 'shippingAddress is required',
};

/**
 * Checks an order as `acceptOrder` does, and stores nothing.
 *
 * @returns why the order would wait for an operator, if it were accepted now.
 * @throws everything that `acceptOrder` throws, except for a used idempotency key.
 */
export async function validateOrder(sql: Sql, candidate: Candidate): Promise<OrderWarning[]> {
  const [row] = await sql<Verdict[]>`WITH ${preconditions(sql, candidate)} SELECT ${verdict(sql)}`;
  requireLawfulAndOwned(candidate.order, row);
  if (!row?.addressed) throw new InvalidOrderError([ADDRESS_MISSING]);
  const { organizationId, order } = candidate;
  const fault = await findPharmacyFault(sql, { organizationId, pharmacyId: order.pharmacyId });
  return fault === undefined ? [] : [{ field: 'pharmacyId', ...fault }];
}

/** The text of an object field that is to be encrypted. */
export function asJson(value: object): string {
  return JSON.stringify(value);
}

/** A case id for SQL; null if Postgres cannot store it as text, so that no case can have it. */
export function storable(caseId: string): string | null {
  return caseId.includes('\0') ? null : caseId;
}

/**
 * The common table expressions `lawful` (one row, or none) and `owned`: the case. If the order has no
 * address of its own, `owned` has the case's encrypted address and data key, which the order keeps.
 */
export function preconditions(sql: Sql, { organizationId, caseId, order }: Candidate) {
  const faulty = findIdentifierFaults(order).length > 0;
  const own = order.shippingAddress !== undefined;
  const id = storable(caseId);
  return sql`
    lawful AS (
      SELECT FROM organizations
      WHERE id = ${organizationId} AND NOT (strict_identifiers AND ${faulty})
    ), owned AS (
      SELECT id, ${own} OR address IS NOT NULL AS addressed,
        CASE WHEN NOT ${own} THEN data_key END AS data_key,
        CASE WHEN NOT ${own} THEN address END AS address
      -- A case whose patient was erased takes no orders.
      FROM cases WHERE id = ${id} AND organization_id = ${organizationId} AND patient IS NOT NULL
    )`;
}

/** The columns of {@link Verdict}, for a statement that begins with {@link preconditions}. */
export function verdict(sql: Sql) {
  return sql`
    EXISTS (SELECT FROM lawful) AS lawful,
    EXISTS (SELECT FROM owned) AS permitted,
    EXISTS (SELECT FROM owned WHERE addressed) AS addressed`;
}

/**
 * Throws the first violation, in the contract's order: 400 before 403.
 *
 * @throws {InvalidOrderError} the organization's strict mode refuses an identifier.
 * @throws {CaseNotPermittedError} the case does not belong to the organization.
 */
export function requireLawfulAndOwned(
  order: PrescriptionOrder,
  verdict: Verdict | undefined,
): void {
  if (verdict?.lawful !== true) {
    const [first, ...rest] = findIdentifierFaults(order);
    if (first !== undefined) throw new InvalidOrderError([first, ...rest]);
  }
  if (verdict?.permitted !== true) throw new CaseNotPermittedError();
}
