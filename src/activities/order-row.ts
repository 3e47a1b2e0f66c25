import type { OrderStatus } from '../contract/order.ts';
import type { Address, PrescriptionOrder } from '../contract/place-order.ts';
import type { SubjectKey } from '../keys/subject-key.ts';
import { openOrderKey } from '../orders/order-keys.ts';
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
  /** Frozen when the order was accepted: its own, or the case's. */
  readonly shippingAddress: Address | null;
  /** The case's owner now; an order is only carried on for the organization that placed it. */
  readonly caseOrganizationId: string;
  /** null: it was erased, with what had been the last order of the case. */
  readonly patient: Patient | null;
  /** What the order's data is sealed with. */
  readonly key: SubjectKey;
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
 * @throws {Error} there is no such order, or it was erased: its workflow can only be a mistake.
 */
export async function readOrderRow(sql: Sql, orderId: string): Promise<OrderRow> {
  const [row] = await sql<SealedRow[]>`
    SELECT orders.id, orders.organization_id, case_id, status, reason_code, pharmacy_id, pharmacy_order_id, sent_at,
      cancel_requested_by, cancel_reason, prescription, shipping_address, orders.data_key, case_key, case_address,
      cases.organization_id AS case_organization_id, patient, cases.data_key AS patient_key
    FROM orders JOIN cases ON cases.id = case_id WHERE orders.id = ${orderId}`;
  const key = row && (await openOrderKey(sql, orderId, row.dataKey));
  if (row === undefined || key === undefined) throw new Error(`no order ${orderId}`);
  const { dataKey: _, caseKey, caseAddress, patientKey, ...order } = row;
  const ofCase = (field: string, sealedKey: string | null, sealed: string | null) =>
    sealedKey === null || sealed === null
      ? null
      : sql.keys
          .openSubject(`case/${row.caseId}`, sealedKey)
          .then((opened) => JSON.parse(opened.open(field, sealed)) as unknown);
  const own = key.open('shippingAddress', row.shippingAddress);
  return {
    ...order,
    key,
    cancelReason: key.open('cancelReason', row.cancelReason),
    prescription: JSON.parse(key.open('prescription', row.prescription)) as PrescriptionOrder,
    shippingAddress:
      own === null
        ? ((await ofCase('address', caseKey, caseAddress)) as Address | null)
        : (JSON.parse(own) as Address),
    patient: (await ofCase('patient', patientKey, row.patient)) as Patient | null,
  };
}

/** A row with its fields sealed: the order's own with its key, `case…` with the case's as it was then. */
interface SealedRow extends Omit<OrderRow, 'key' | 'prescription' | 'shippingAddress' | 'patient'> {
  readonly dataKey: string | null;
  readonly prescription: string;
  readonly shippingAddress: string | null;
  readonly caseKey: string | null;
  readonly caseAddress: string | null;
  readonly patient: string | null;
  readonly patientKey: string | null;
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
