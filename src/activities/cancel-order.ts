import { refuseCancellation } from '../orders/cancel-order.ts';
import { PharmacyFaultError } from '../pharmacy/pharmacy-errors.ts';
import { abortSignal } from '../temporal/activity-context.ts';
import type { OrderActivities, StepResult } from '../workflows/order-activities.ts';
import { cancelAtPharmacy } from './cancel-at-pharmacy.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { endedResult, type OrderRow, readOrderRow } from './order-row.ts';
import { ended } from './record.ts';
import { isSettled } from './settled.ts';

/**
 * Makes the activity `cancelOrder`; see {@link OrderActivities}. The pharmacy's answer decides. One
 * that no waiting mends (it has no such call, or does not know the order) is a refusal too: the
 * order goes on, and meets people on its way if the fault is not of this call alone.
 */
export function createCancelOrder({
  database,
  pharmacies,
}: ActivityDependencies): OrderActivities['cancelOrder'] {
  return async (orderId) => {
    const order = await readOrderRow(database, orderId);
    const end = endedResult(order);
    if (end !== undefined) return end;
    // Refused meanwhile: the pharmacy had completed the order.
    if (order.cancelRequestedBy === null) return goOn(order, false);
    const gateway = await pharmacies.gateway(order.pharmacyId);
    const { id, pharmacyOrderId } = order;
    if (gateway === undefined || pharmacyOrderId === null) {
      return await refuse(order, 'PHARMACY_UNKNOWN', true);
    }
    try {
      const seen = await cancelAtPharmacy(gateway, { id, pharmacyOrderId }, abortSignal());
      if (seen !== 'granted' && seen !== 'cancelled') {
        return await refuse(order, 'TOO_LATE', isSettled({ status: seen }));
      }
    } catch (error) {
      if (!(error instanceof PharmacyFaultError)) throw error;
      return await refuse(order, error.code, true);
    }
    return await ended(database, orderId, {
      to: 'CANCELLED',
      actor: order.cancelRequestedBy,
      reasonCode: 'CANCEL_REQUESTED',
      ...(order.cancelReason === null ? {} : { reason: order.cancelReason }),
    });
  };

  async function refuse(order: OrderRow, code: string, settled: boolean) {
    await refuseCancellation(database, order.id, code);
    return goOn(order, settled);
  }
}

/** An order that was resting rests on, for the reason that it had. */
function goOn(order: OrderRow, settled: boolean): StepResult<{ settled: boolean }> {
  return order.status === 'NEEDS_ATTENTION'
    ? { outcome: 'needs-attention', reasonCode: order.reasonCode ?? 'UNKNOWN' }
    : { outcome: 'done', settled };
}
