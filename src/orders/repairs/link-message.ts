import { UnknownIdError } from '../../lib/operator-errors.ts';
import type { Database } from '../../storage/database.ts';
import { inTransaction } from '../../storage/transaction.ts';
import { applyMessage, type UnmatchedMessage } from '../inbox.ts';
import { noteApplied, type RepairRequest } from './repair.ts';
import { RepairRefusedError } from './repair-errors.ts';
import { readStatus, withRepair } from './with-repair.ts';

const MESSAGE_ID = /^\d{1,18}$/;

/**
 * Gives an order a message of its pharmacy that found none, as if it had named the order.
 *
 * @param messageId as {@link listUnmatchedMessages} shows it.
 * @throws {UnknownIdError} there is no such message or order.
 * @throws {RepairRefusedError} the message has found an order meanwhile, or is another pharmacy's.
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
        throw new RepairRefusedError('MESSAGE_LINKED', 'the message has an order already');
      }
      if (message.pharmacyId !== order?.pharmacyId) {
        throw new RepairRefusedError('OTHER_PHARMACY', 'the message is not of this pharmacy');
      }
      await sql`UPDATE inbox SET order_id = ${orderId}, shipment = NULL WHERE id = ${messageId}`;
      await noteApplied(sql, repairId, request.source);
      await applyMessage(sql, orderId, message);
    }),
  );
}

/** A message that found no order; of what came, only what names the order. */
export interface OperatorMessage {
  readonly id: string;
  readonly pharmacyId: string;
  readonly type: string;
  readonly reference: string | null;
  readonly pharmacyOrderId: string | null;
  readonly receivedAt: Date;
}

/** Lists the messages that found no order, the oldest first. */
export async function listUnmatchedMessages(
  database: Database,
  filter: { readonly pharmacyId?: string | undefined; readonly limit: number },
): Promise<OperatorMessage[]> {
  return await database<OperatorMessage[]>`
    SELECT id, pharmacy_id, type, reference, pharmacy_order_id, received_at FROM inbox
    WHERE order_id IS NULL
      ${filter.pharmacyId === undefined ? database`` : database`AND pharmacy_id = ${filter.pharmacyId}`}
    ORDER BY id LIMIT ${filter.limit}`;
}
