import type { OrderStatus } from '../contract/order.ts';
import type { Address, PrescriptionOrder } from '../contract/place-order.ts';
import type { SubjectKey } from '../keys/subject-key.ts';
import { openOrderDataKey } from '../orders/order-data-key.ts';
import type { Sql } from '../storage/database.ts';

/** The code of the delay of a completed order that has no documents yet. */
export const NO_DOCUMENTS = 'PHARMACY_NO_DOCUMENTS_YET';

/** What the activities need to know about an order and its case. */
export interface OrderRow {
  readonly id: string;
  readonly organizationId: string;
  readonly caseId: string;
  readonly status: OrderStatus;
  readonly reasonCode: string | null;
  readonly pharmacyId: string;
  readonly pharmacyOrderId: string | null;
  /** How long ago it was first about to be sent, in milliseconds; null: the pharmacy cannot have it. */
  readonly sentForMs: number | null;
  /** Who requested its cancellation; null when no request is pending. */
  readonly cancelRequestedBy: 'api' | 'operator' | null;
  readonly cancelReason: string | null;
  /** How many messages of each type the pharmacy had sent about it when the row was read. */
  readonly messages: MessageCounts;
  /** As a number that every further message changes. */
  readonly messageCount: number;
  /** Whether its step has failed since it last succeeded. */
  readonly isDelayed: boolean;
  /** How long the completed order has been without documents, in milliseconds; null: it has some. */
  readonly emptyForMs: number | null;
  /** Whether it has stored documents. */
  readonly hasDocuments: boolean;
  readonly prescription: PrescriptionOrder;
  /** Whether it has a copy of its address, independent of the case. */
  readonly hasOwnAddress: boolean;
  /** The order's own address, or the case's as it was when the order was accepted. */
  readonly shippingAddress: Address | null;
  /** null: erased together with the last order that the case had then. */
  readonly patient: Patient | null;
  /** The data key that encrypts the order's fields. */
  readonly key: SubjectKey;
}

/** Types of messages, each with the number of messages. */
type MessageCounts = readonly (readonly [type: string, count: number])[];

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
 * Reads an order and decrypts its fields.
 *
 * @throws {Error} the order does not exist or was erased, so it should have no workflow.
 */
export async function readOrderRow(sql: Sql, orderId: string): Promise<OrderRow> {
  const row = await findOrderRow(sql, orderId);
  if (row === undefined) throw new Error(`no order ${orderId}`);
  return row;
}

/** As {@link readOrderRow}; undefined for an order that does not exist or was erased. */
export async function findOrderRow(sql: Sql, orderId: string): Promise<OrderRow | undefined> {
  const [row] = await sql<SealedRow[]>`
    SELECT orders.id, orders.organization_id, case_id, status, reason_code, pharmacy_id, pharmacy_order_id,
      -- By one clock: those of the workers may differ.
      extract(epoch FROM now() - sent_at)::float8 * 1000 AS sent_for_ms,
      cancel_requested_by, cancel_reason, delay_since IS NOT NULL AS is_delayed,
      CASE WHEN delay_code = ${NO_DOCUMENTS} THEN extract(epoch FROM now() - delay_since)::float8 * 1000 END
        AS empty_for_ms, ${countedMessages(sql)} AS messages, message_count::int,
      EXISTS (SELECT FROM documents WHERE order_id = orders.id) AS has_documents, prescription, shipping_address, orders.data_key, case_key, case_address,
      patient, cases.data_key AS patient_key
    FROM orders JOIN cases ON (cases.organization_id, cases.id) = (orders.organization_id, case_id)
    WHERE orders.id = ${orderId}`;
  const key = row && (await openOrderDataKey(sql, orderId, row.dataKey));
  if (row === undefined || key === undefined) return undefined;
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
    hasOwnAddress: row.shippingAddress !== null,
    cancelReason: key.open('cancelReason', row.cancelReason),
    prescription: JSON.parse(key.open('prescription', row.prescription)) as PrescriptionOrder,
    shippingAddress:
      own === null
        ? ((await ofCase('address', caseKey, caseAddress)) as Address | null)
        : (JSON.parse(own) as Address),
    patient: (await ofCase('patient', patientKey, row.patient)) as Patient | null,
  };
}

/**
 * The address to which an order goes: its own, or the case's as it was when the order was accepted. An order that
 * an earlier version accepted may have it elsewhere.
 */
export function shippingAddressOf(order: OrderRow): Address | undefined {
  return (
    order.shippingAddress ??
    order.prescription.shippingAddress ??
    order.patient?.address ??
    undefined
  );
}

/** Counts the messages about an order. */
export async function messageCounts(sql: Sql, orderId: string): Promise<MessageCounts> {
  const [row] = await sql<{ messages: MessageCounts }[]>`
    SELECT ${countedMessages(sql)} AS messages FROM orders WHERE id = ${orderId}`;
  return row?.messages ?? [];
}

/** The {@link MessageCounts} of a row of `orders`. */
function countedMessages(sql: Sql) {
  return sql`(
    SELECT coalesce(json_agg(json_build_array(type, count)), '[]') FROM (
      SELECT type, count(*) FROM inbox WHERE inbox.order_id = orders.id GROUP BY type) AS counted)`;
}

/**
 * A row with its encrypted fields: the order's own under its data key, `case…` under the case's data
 * key at the time of acceptance, `patient` under the case's present one.
 */
interface SealedRow
  extends Omit<OrderRow, 'key' | 'prescription' | 'hasOwnAddress' | 'shippingAddress' | 'patient'> {
  readonly dataKey: string | null;
  readonly prescription: string;
  readonly shippingAddress: string | null;
  readonly caseKey: string | null;
  readonly caseAddress: string | null;
  readonly patient: string | null;
  readonly patientKey: string | null;
}
