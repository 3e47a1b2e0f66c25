import { changeStatus } from '../orders/change-status.ts';
import { applyWaitingMessages, hasWaitingMessages } from '../orders/inbox.ts';
import { addShipment } from '../orders/pharmacy-message.ts';
import type { PharmacyGateway, PharmacyOrder } from '../pharmacy/gateway.ts';
import {
  OrderRefusedError,
  PharmacyAnswerError,
  PharmacyFaultError,
} from '../pharmacy/pharmacy-errors.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';
import { uninterruptedSignal } from '../temporal/activity-context.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type OrderRow, readOrderRow, shippingAddressOf } from './order-row.ts';
import { isSettled, readAtPharmacy } from './pharmacy-order.ts';
import { untilUsable } from './pharmacy-retry-policy.ts';
import { ended, endedResult, existingEnd, needsAttention } from './step-results.ts';

/**
 * Creates the activity `placeOrder`; see {@link OrderActivities}. The pharmacy gets one order: our
 * order id is its reference and idempotency key, so that an attempt after a lost answer, a time-out
 * or a crash finds the earlier attempt's order and adopts it.
 *
 * An order whose pharmacy order id is recorded is never placed. If an earlier attempt recorded the
 * id, the order continues; if an operator entered it, it is verified at the pharmacy first.
 */
export function createPlaceOrder(
  dependencies: ActivityDependencies,
): OrderActivities['placeOrder'] {
  const { database, pharmacies } = dependencies;
  return async (orderId) => {
    const order = await readOrderRow(database, orderId);
    const end = endedResult(order);
    if (end !== undefined) return end;
    if (order.status === 'AWAITING_COMPLETION' || order.status === 'FETCHING_DOCUMENTS') {
      // An earlier attempt or workflow run of this order got this far.
      await applyWaiting(order, order.pharmacyOrderId);
      return { outcome: 'done', settled: order.status === 'FETCHING_DOCUMENTS' };
    }

    if (order.pharmacyOrderId !== null && !(await isFromOperator(order))) {
      // A superseded attempt recorded the id from the pharmacy's own answer.
      await changeStatus(database, order.id, { to: 'AWAITING_COMPLETION', actor: 'system' });
      return { outcome: 'done', settled: false };
    }

    const gateway = await pharmacies.gateway(order.pharmacyId);
    if (gateway === undefined) {
      return await needsAttention(
        database,
        orderId,
        'PHARMACY_UNKNOWN',
        'No pharmacy of this pharmacyId is set up.',
      );
    }
    // Recorded before the call: from now on the pharmacy may have the order.
    const sending = await changeStatus(database, orderId, {
      to: 'PLACING',
      from: order.status,
      actor: 'system',
      sent: true,
      ...ownAddress(order),
    });
    if (sending.status !== 'PLACING') return await existingEnd(database, orderId);

    try {
      const placed = await adoptOrPlace(dependencies, gateway, order);
      await recordPlaced(order, placed);
      if (placed.shipment !== undefined) await addShipment(database, orderId, placed.shipment);
      return { outcome: 'done', settled: isSettled(placed) };
    } catch (error) {
      if (error instanceof OrderRefusedError) {
        return await ended(database, order, {
          to: 'REJECTED',
          from: 'PLACING',
          actor: 'pharmacy',
          reasonCode: error.code,
          ...(error.reason === undefined ? {} : { reason: error.reason }),
        });
      }
      const isOther =
        error instanceof PharmacyFaultError && error.code === 'PHARMACY_OTHER_REFERENCE';
      if (isOther) await clearWrongId(order);
      throw error;
    }
  };

  /** Whether an operator entered the pharmacy order id, so that it has to be verified first. */
  async function isFromOperator({ id, pharmacyOrderId }: OrderRow): Promise<boolean> {
    const entered = await database`
      SELECT FROM order_repairs WHERE order_id = ${id}
        AND pharmacy_order_id = ${pharmacyOrderId} AND applied_at IS NOT NULL`;
    return entered.length > 0;
  }

  /** Removes the id of somebody else's order; the next retry places ours or enters another id. */
  async function clearWrongId({ id, pharmacyOrderId }: OrderRow): Promise<void> {
    await database`
      UPDATE orders SET pharmacy_order_id = NULL
      WHERE id = ${id} AND pharmacy_order_id = ${pharmacyOrderId}`;
  }

  /**
   * Records that the pharmacy has the order. The status changes only if the order is still PLACING:
   * an attempt that Temporal had given up must not move an order that needs attention or went on.
   *
   * @throws {SupersededError} another attempt moved the order. The retry, if Temporal makes one, uses
   *   the id that is recorded here.
   */
  async function recordPlaced(order: OrderRow, placed: PharmacyOrder): Promise<void> {
    const { changed } = await changeStatus(database, order.id, {
      to: 'AWAITING_COMPLETION',
      from: 'PLACING',
      actor: 'pharmacy',
      pharmacyOrderId: placed.id,
    });
    if (!changed) await recordFoundOrder(database, order, placed.id);
    else await applyWaiting(order, placed.id);
    if (!changed) throw new SupersededError();
  }

  /** Applies the messages that came before the pharmacy's id of the order was recorded. */
  async function applyWaiting({ id, pharmacyId }: OrderRow, pharmacyOrderId: string | null) {
    if (pharmacyOrderId === null) return;
    if (!(await hasWaitingMessages(database, pharmacyId, pharmacyOrderId))) return;
    await inTransaction(database, (sql) =>
      applyWaitingMessages(sql, id, pharmacyId, pharmacyOrderId),
    );
  }
}

/**
 * From the moment it is sent, an order has its own copy of the address that the case had at its acceptance.
 * Returns the encrypted copy for an order that has none.
 */
function ownAddress(order: OrderRow): { shippingAddress?: string } {
  const address = order.hasOwnAddress ? undefined : shippingAddressOf(order);
  if (address === undefined) return {};
  return { shippingAddress: order.key.seal('shippingAddress', JSON.stringify(address)) };
}

/** Another attempt at this step moved the order while this one waited for the pharmacy. */
class SupersededError extends Error {
  override readonly name = 'SupersededError';
  readonly code = 'ATTEMPT_SUPERSEDED';
}

/** Records the pharmacy's id of an order that has none yet, and applies the messages that waited for it. */
export async function recordFoundOrder(
  database: Database,
  { id, pharmacyId }: Pick<OrderRow, 'id' | 'pharmacyId'>,
  pharmacyOrderId: string,
): Promise<void> {
  await inTransaction(database, async (sql) => {
    await recordPharmacyOrderId(sql, id, pharmacyOrderId);
    await applyWaitingMessages(sql, id, pharmacyId, pharmacyOrderId);
  });
}

/** Records the pharmacy's id of an order that has none yet. */
export async function recordPharmacyOrderId(
  sql: Sql,
  orderId: string,
  pharmacyOrderId: string,
): Promise<void> {
  await sql`
    UPDATE orders SET pharmacy_order_id = ${pharmacyOrderId}
    WHERE id = ${orderId} AND pharmacy_order_id IS NULL`;
}

/** Reads the order whose id is recorded, or places it; adopts one that the pharmacy already has. */
export async function adoptOrPlace(
  dependencies: ActivityDependencies,
  gateway: PharmacyGateway,
  order: OrderRow,
): Promise<PharmacyOrder> {
  const { id, pharmacyOrderId, sentForMs } = order;
  if (pharmacyOrderId !== null) {
    const there = await readAtPharmacy(dependencies, gateway, { id, pharmacyOrderId, sentForMs });
    // Only the reference shows that an id which an operator entered is ours.
    if (gateway.hasReferences && there.reference === undefined) {
      throw new PharmacyAnswerError('PHARMACY_BAD_ANSWER', 'reference');
    }
    return there;
  }
  const { shippingAddress: _, ...prescription } = order.prescription;
  const shippingAddress = shippingAddressOf(order);
  if (shippingAddress === undefined || order.patient === null) {
    throw new Error(`order ${order.id} was not validated`);
  }
  const { address: __, ...patient } = order.patient;
  const request = { reference: id, caseId: order.caseId, prescription, shippingAddress, patient };
  // A request on its way must not be given up: whether the pharmacy gets it would be unknown.
  const signal = uninterruptedSignal();
  return await untilUsable(dependencies.settings, async () => {
    const placed = await gateway.place(request, signal);
    if (placed !== 'exists') return placed;
    const existing = await gateway.findByReference(id, signal);
    // The pharmacy answered that the order exists, but it does not list the order.
    if (existing === undefined) throw new PharmacyAnswerError('PHARMACY_ORDER_NOT_LISTED');
    return existing;
  });
}
