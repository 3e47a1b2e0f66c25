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

/** Why an order can or cannot be accepted. */
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
  const { organizationId, order } = candidate;
  const { caseId, faulty, hasAddress } = askedOrder(candidate);
  const [row] = await sql<Verdict[]>`
    WITH asked (case_id, faulty, has_address) AS (
      SELECT ${caseId}::text, ${faulty}::boolean, ${hasAddress}::boolean
    ), ${checkedOrders(sql, organizationId)}
    SELECT lawful, permitted, addressed FROM checked`;
  requireLawfulAndOwned(order, row);
  if (!row?.addressed) throw new InvalidOrderError([ADDRESS_MISSING]);
  const fault = await findPharmacyFault(sql, { organizationId, pharmacyId: order.pharmacyId });
  return fault === undefined ? [] : [{ field: 'pharmacyId', ...fault }];
}

/** The text of an object field that is to be encrypted. */
export function asJson(value: object): string {
  return JSON.stringify(value);
}

/** A case id for SQL; null if Postgres cannot store it as text, so that no case can have it. */
function storable(caseId: string): string | null {
  return caseId.includes('\0') ? null : caseId;
}

/** The columns that {@link checkedOrders} needs of each order. */
export function askedOrder({ caseId, order }: Pick<Candidate, 'caseId' | 'order'>) {
  return {
    caseId: storable(caseId),
    faulty: findIdentifierFaults(order).length > 0,
    hasAddress: order.shippingAddress !== undefined,
  };
}

/**
 * The common table expression `checked`: the rows of `asked` (with the columns `case_id`, `faulty` and
 * `has_address`) and the columns of {@link Verdict}. If an order has no address of its own, its row has the
 * case's encrypted address and data key, which the order keeps.
 */
export function checkedOrders(sql: Sql, organizationId: string) {
  return sql`
    checked AS (
      SELECT asked.*,
        organization.id IS NOT NULL AND NOT (organization.strict_identifiers AND faulty) AS lawful,
        cases.id IS NOT NULL AS permitted,
        cases.id IS NOT NULL AND (has_address OR address IS NOT NULL) AS addressed,
        CASE WHEN NOT has_address THEN data_key END AS case_key,
        CASE WHEN NOT has_address THEN address END AS case_address
      FROM asked
      LEFT JOIN organizations AS organization ON organization.id = ${organizationId}
      -- A case whose patient was erased takes no orders.
      LEFT JOIN cases ON cases.organization_id = ${organizationId} AND cases.id = asked.case_id
        AND patient IS NOT NULL
    )`;
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
