import { changeStatus } from '../orders/change-status.ts';
import { applyWaitingMessages } from '../orders/inbox.ts';
import {
  OrderRefusedError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../pharmacy/errors.ts';
import type { PharmacyGateway, PharmacyOrder } from '../pharmacy/gateway.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import { abortSignal } from './context.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { endedResult, type OrderRow, readOrderRow } from './order-row.ts';
import { ended, needsAttention, presentEnd } from './record.ts';
import { isSettled } from './settled.ts';

/**
 * Makes the activity `placeOrder`; see {@link OrderActivities}. The pharmacy sees one order: our
 * order id is its reference and idempotency key, so that an attempt after a lost answer, a time-out
 * or a crash meets the order of the attempt before and adopts it.
 */
export function createPlaceOrder({
  database,
  pharmacies,
}: ActivityDependencies): OrderActivities['placeOrder'] {
  return async (orderId) => {
    const order = await readOrderRow(database, orderId);
    const end = endedResult(order);
    if (end !== undefined) return end;
    // An attempt before this one recorded its success, and died before it could tell.
    if (order.pharmacyOrderId !== null) return { outcome: 'done', settled: false };

    const gateway = await pharmacies.gateway(order.pharmacyId);
    if (gateway === undefined) {
      return await needsAttention(
        database,
        orderId,
        'PHARMACY_UNKNOWN',
        'No pharmacy of this pharmacyId is set up.',
      );
    }
    // Recorded before the call: from here on the pharmacy may have the order.
    const sending = await changeStatus(database, orderId, {
      to: 'PLACING',
      actor: 'system',
      sent: true,
    });
    if (sending.status !== 'PLACING') return await presentEnd(database, orderId);

    try {
      const placed = await placeOrAdopt(gateway, order);
      await recordPlaced(order, placed);
      return {
        outcome: 'done',
        settled: isSettled(placed),
      };
    } catch (error) {
      if (error instanceof OrderRefusedError) {
        return await ended(database, orderId, {
          to: 'REJECTED',
          actor: 'pharmacy',
          reasonCode: error.code,
          ...(error.reason === undefined ? {} : { reason: error.reason }),
        });
      }
      if (error instanceof PharmacyFaultError) {
        const reason = 'The pharmacy answered in a way that retrying cannot mend.';
        return await needsAttention(database, orderId, error.code, reason);
      }
      throw error;
    }
  };

  async function recordPlaced(order: OrderRow, placed: PharmacyOrder): Promise<void> {
    await database.begin(async (sql) => {
      await changeStatus(sql, order.id, {
        to: 'AWAITING_COMPLETION',
        actor: 'pharmacy',
        pharmacyOrderId: placed.id,
      });
      await applyWaitingMessages(sql, order.id, order.pharmacyId, placed.id);
    });
  }
}

async function placeOrAdopt(gateway: PharmacyGateway, order: OrderRow): Promise<PharmacyOrder> {
  const { shippingAddress: _, pharmacyId: __, ...prescription } = order.prescription;
  const { address: ___, ...patient } = order.patient;
  if (order.shippingAddress === null) throw new Error(`order ${order.id} was not validated`);
  const placed = await gateway.place(
    { reference: order.id, prescription, shippingAddress: order.shippingAddress, patient },
    abortSignal(),
  );
  if (placed !== 'exists') return placed;
  const existing = await gateway.findByReference(order.id, abortSignal());
  // It said that it has the order: the next attempt asks again.
  if (existing === undefined) throw new PharmacyUnavailableError('PHARMACY_ORDER_NOT_LISTED');
  return existing;
}
