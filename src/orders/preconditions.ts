import type { PrescriptionOrder } from '../contract/place-order.ts';
import { findIdentifierFaults } from '../contract/strict-identifiers.ts';
import type { FieldError } from '../contract/validation.ts';
import type { Sql } from '../storage/database.ts';
import { CaseNotPermittedError, InvalidOrderError } from './order-errors.ts';

/*
 * What an order is checked for beyond its own fields, in the statement that accepts it and, on the
 * same code, in the one that only asks.
 */

/** An order, who asks and for which case. */
export interface Candidate {
  readonly organizationId: string;
  readonly caseId: string;
  readonly order: PrescriptionOrder;
}

/** What {@link verdict} gives. */
export interface Verdict {
  /** The organization's own rules allow the order. */
  readonly lawful: boolean;
  /** The case is the organization's. */
  readonly permitted: boolean;
  /** There is an address to send it to. */
  readonly addressed: boolean;
}

/** What an order lacks for which neither it nor its case has an address. */
export const ADDRESS_MISSING: FieldError = {
  path: 'order.shippingAddress',
  field: 'shippingAddress',
  message: 'shippingAddress is required',
};

/** What a field that is an object is sealed as. */
export function asJson(value: object): string {
  return JSON.stringify(value);
}

/** A text that Postgres cannot hold can't be the id of a case either: null. */
export function storable(caseId: string): string | null {
  return caseId.includes('\0') ? null : caseId;
}

/**
 * The common table expressions `lawful` (a row or none) and `owned` (the case; its key and address, sealed,
 * where the order has no address of its own and is frozen to this one).
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
      -- One whose patient was erased is none that orders can be placed for.
      FROM cases WHERE id = ${id} AND organization_id = ${organizationId} AND patient IS NOT NULL
    )`;
}

/** The columns of {@link Verdict}, behind {@link preconditions}. */
export function verdict(sql: Sql) {
  return sql`
    EXISTS (SELECT FROM lawful) AS lawful,
    EXISTS (SELECT FROM owned) AS permitted,
    EXISTS (SELECT FROM owned WHERE addressed) AS addressed`;
}

/**
 * Throws what is wrong, in the contract's order: 400 before 403.
 *
 * @throws {InvalidOrderError} the organization's strict mode refuses an identifier.
 * @throws {CaseNotPermittedError} the case is not the organization's.
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
