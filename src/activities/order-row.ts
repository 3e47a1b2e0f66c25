import type { OrderStatus } from '../contract/order.ts';
import type { Address, PrescriptionOrder } from '../contract/place-order.ts';
import type { Sql } from '../storage/database.ts';
import type { StepResult } from '../workflows/order-activities.ts';
import type { EndStatus } from '../workflows/order-messages.ts';

/** What the activities need of an order, its case included. */
export interface OrderRow {
  readonly id: string;
  readonly organizationId: string;
  readonly caseId: string;
  readonly status: OrderStatus;
  readonly reasonCode: string | null;
  readonly pharmacyId: string;
  readonly pharmacyOrderId: string | null;
  /** When it was first about to be sent: before, the pharmacy cannot have it. */
  readonly sentAt: Date | null;
  /** Who asked for its cancellation; null when no request is pending. */
  readonly cancelRequestedBy: 'api' | 'operator' | null;
  readonly cancelReason: string | null;
  readonly prescription: PrescriptionOrder;
  /** Frozen by `validateOrder`. */
  readonly shippingAddress: Address | null;
  /** The case's owner now; an order is only carried on for the organization that placed it. */
  readonly caseOrganizationId: string;
  readonly patient: Patient;
}

/** The patient of a case. */
export interface Patient {
  readonly firstName?: string;
  readonly lastName?: string;
  readonly dateOfBirth?: string;
  readonly email?: string;
  readonly phoneNumber?: string;
  readonly address?: Address;
}

/**
 * Reads an order.
 *
 * @throws {Error} there is no such order: a workflow without its row can only be a mistake.
 */
export async function readOrderRow(sql: Sql, orderId: string): Promise<OrderRow> {
  const [row] = await sql<OrderRow[]>`
    SELECT orders.id, orders.organization_id, case_id, status, reason_code, pharmacy_id, pharmacy_order_id, sent_at,
      cancel_requested_by, cancel_reason, prescription, shipping_address, cases.organization_id AS case_organization_id, patient
    FROM orders JOIN cases ON cases.id = case_id WHERE orders.id = ${orderId}`;
  if (row === undefined) throw new Error(`no order ${orderId}`);
  return row;
}

/** The step's answer for an order that has ended; undefined for one that is open. */
export function endedResult(
  order: Pick<OrderRow, 'status' | 'reasonCode'>,
): Extract<StepResult, { outcome: 'ended' }> | undefined {
  if (!isEndStatus(order.status)) return undefined;
  return {
    outcome: 'ended',
    status: order.status,
    ...(order.reasonCode === null ? {} : { reasonCode: order.reasonCode }),
  };
}

function isEndStatus(status: OrderStatus): status is EndStatus {
  const ends: readonly OrderStatus[] = ['COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED'];
  return ends.includes(status);
}
