import { UnknownIdError } from '../../lib/operator-errors.ts';
import type { Database } from '../../storage/database.ts';
import { inTransaction } from '../../storage/transaction.ts';
import { applyMessage, type UnmatchedMessage } from '../inbox.ts';
import { noteApplied, type RepairRequest } from './repair.ts';
import { RepairRefusedError } from './repair-errors.ts';
import { readStatus, withRepair } from './with-repair.ts';

const MESSAGE_ID = /^\d{1,18}$/;

/**
 * Links an unmatched message to an order and applies it, as if the message had named the order.
 *
 * @param messageId an id from {@link listUnmatchedMessages}.
 * @throws {UnknownIdError} there is no such message or order.
 * @throws {RepairRefusedError} the message has an order by now, or comes from another pharmacy.
 */
export async function linkMessage(
  database: Database,
  messageId: string,
  orderId: string,
  request: RepairRequest,
): Promise<void> {
  if (!MESSAGE_ID.test(messageId)) throw new UnknownIdError('message');
  await readStatus(database, orderId);
  await withRepair(database, 'link', orderId, request, (repairId) =>
    inTransaction(database, async (sql) => {
      const [order] = await sql<{ pharmacyId: string }[]>`
        SELECT pharmacy_id FROM orders WHERE id = ${orderId} FOR UPDATE`;
      const [message] = await sql<(UnmatchedMessage & { orderId: string | null })[]>`
        SELECT id, pharmacy_id, webhook_id, type, reference, pharmacy_order_id, shipment, order_id FROM inbox
        WHERE id = ${messageId} FOR UPDATE`;
      if (message === undefined) throw new UnknownIdError('message');
      if (message.orderId !== null) {
        throw new RepairRefusedError('MESSAGE_LINKED', 'the message already belongs to an order');
      }
      if (message.pharmacyId !== order?.pharmacyId) {
        throw new RepairRefusedError(
          'OTHER_PHARMACY',
          'the message comes from another pharmacy than the order’s',
        );
      }
      await sql`UPDATE inbox SET order_id = ${orderId}, shipment = NULL WHERE id = ${messageId}`;
      await noteApplied(sql, repairId, request.source);
      await applyMessage(sql, orderId, message);
    }),
  );
}

/** An unmatched message as operators see it: only the fields that can identify the order. */
export interface OperatorMessage {
  readonly id: string;
  readonly pharmacyId: string;
  readonly type: string;
  readonly reference: string | null;
  readonly pharmacyOrderId: string | null;
  readonly receivedAt: Date;
}

/**
 * Lists the messages that match no order, oldest first. Messages about the test orders of `rx pharmacy
 * check` are left out, as in the view `unmatched_messages`.
 */
export async function listUnmatchedMessages(
  database: Database,
  filter: { readonly pharmacyId?: string | undefined; readonly limit: number },
): Promise<OperatorMessage[]> {
  return await database<OperatorMessage[]>`
    SELECT id, pharmacy_id, type, reference, pharmacy_order_id, received_at FROM inbox
    WHERE order_id IS NULL AND (reference IS NULL OR reference NOT LIKE '00000000-%')
      ${filter.pharmacyId === undefined ? database`` : database`AND pharmacy_id = ${filter.pharmacyId}`}
    ORDER BY id LIMIT ${filter.limit}`;
}

/** Whether a message about an order has been received, by either of its ids. */
export async function hasMessageAbout(
  database: Database,
  pharmacyId: string,
  order: { readonly reference: string; readonly pharmacyOrderId: string },
): Promise<boolean> {
  const found = await database`
    SELECT FROM inbox WHERE pharmacy_id = ${pharmacyId}
      AND (reference = ${order.reference} OR pharmacy_order_id = ${order.pharmacyOrderId})
    LIMIT 1`;
  return found.length > 0;
}
