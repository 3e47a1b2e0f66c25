import { refuseCancellation } from '../orders/cancellation.ts';
import { PharmacyFaultError } from '../pharmacy/pharmacy-errors.ts';
import { abortSignal } from '../temporal/activity-context.ts';
import type { OrderActivities, StepResult } from '../workflows/order-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type OrderRow, readOrderRow } from './order-row.ts';
import { cancelAtPharmacy, isSettled } from './pharmacy-order.ts';
import { ended, endedResult } from './step-results.ts';

/**
 * Creates the activity `cancelOrder`; see {@link OrderActivities}. The pharmacy's answer decides. A
 * fault that retrying cannot fix (the pharmacy has no such call, or does not know the order) counts
 * as a refusal: the order goes on, and a later step reports the fault if it meets it too.
 */
export function createCancelOrder({
  database,
  pharmacies,
}: ActivityDependencies): OrderActivities['cancelOrder'] {
  return async (orderId) => {
    const order = await readOrderRow(database, orderId);
    const end = endedResult(order);
    if (end !== undefined) return end;
    // The request was refused meanwhile, because the pharmacy had completed the order.
    if (order.cancelRequestedBy === null) return resume(order, false);
    const gateway = await pharmacies.gateway(order.pharmacyId);
    const { id, pharmacyOrderId } = order;
    if (gateway === undefined || pharmacyOrderId === null) {
      return await refuse(order, 'PHARMACY_UNKNOWN', true);
    }
    try {
      const status = await cancelAtPharmacy(gateway, { id, pharmacyOrderId }, abortSignal());
      if (status !== 'granted' && status !== 'cancelled') {
        return await refuse(order, 'TOO_LATE', isSettled({ status }));
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
    return resume(order, settled);
  }
}

/** The result after a refusal: an order in NEEDS_ATTENTION stays there, for the reason that it had. */
function resume(order: OrderRow, settled: boolean): StepResult<{ settled: boolean }> {
  return order.status === 'NEEDS_ATTENTION'
    ? { outcome: 'needs-attention', reasonCode: order.reasonCode ?? 'UNKNOWN' }
    : { outcome: 'done', settled };
}
