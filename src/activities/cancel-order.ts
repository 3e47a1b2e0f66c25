import { refuseCancellation } from '../orders/cancellation.ts';
import type { PharmacyGateway } from '../pharmacy/gateway.ts';
import { OrderRefusedError, PharmacyFaultError } from '../pharmacy/pharmacy-errors.ts';
import { abortSignal } from '../temporal/activity-context.ts';
import type { OrderActivities, StepResult } from '../workflows/order-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { reasonOf } from './guard-step.ts';
import { type OrderRow, readOrderRow } from './order-row.ts';
import { cancelAtPharmacy, isSettled } from './pharmacy-order.ts';
import { untilUsable } from './pharmacy-retry-policy.ts';
import { adoptOrPlace, recordFoundOrder } from './place-order.ts';
import { ended, endedResult, needsAttention } from './step-results.ts';

/**
 * Creates the activity `cancelOrder`; see {@link OrderActivities}. The pharmacy's answer decides. A
 * fault that retrying cannot fix (the pharmacy has no such call, or does not know the order) counts
 * as a refusal: the order goes on, and a later step reports the fault if it meets it too.
 *
 * The answer to the request that placed the order may be missing. Then the order is looked up first: an
 * order that the pharmacy does not have is cancelled at once. If that stays unknown, the order needs
 * attention, and the request stays pending.
 */
export function createCancelOrder(
  dependencies: ActivityDependencies,
): OrderActivities['cancelOrder'] {
  const { database, pharmacies, settings } = dependencies;
  return async (orderId) => {
    const order = await readOrderRow(database, orderId);
    const end = endedResult(order);
    if (end !== undefined) return end;
    // The request was refused meanwhile, because the pharmacy had completed the order.
    if (order.cancelRequestedBy === null) return resume(order, false);
    const gateway = await pharmacies.gateway(order.pharmacyId);
    if (gateway === undefined) return await refuse(order, 'PHARMACY_UNKNOWN', true);
    let { pharmacyOrderId } = order;
    try {
      pharmacyOrderId ??= await findUnanswered(gateway, order);
      if (pharmacyOrderId !== null) {
        const { id, sentForMs } = order;
        const placed = { id, pharmacyOrderId, sentForMs };
        const status = await cancelAtPharmacy(dependencies, gateway, placed);
        if (status !== 'granted' && status !== 'cancelled') {
          return await refuse(order, 'TOO_LATE', isSettled({ status }));
        }
      }
    } catch (error) {
      if (!(error instanceof PharmacyFaultError)) throw error;
      if (pharmacyOrderId !== null) return await refuse(order, error.code, true);
      // Whether the pharmacy has the order is unknown, so the request stays pending.
      const result = await needsAttention(database, orderId, error.code, reasonOf(error));
      return result.outcome === 'needs-attention' ? { ...result, isPending: true } : result;
    }
    return await ended(database, order, {
      to: 'CANCELLED',
      actor: order.cancelRequestedBy,
      reasonCode: 'CANCEL_REQUESTED',
      ...(order.cancelReason === null ? {} : { reason: order.cancelReason }),
    });
  };

  /** Finds an order whose placing was never answered; null if the pharmacy does not have it. */
  async function findUnanswered(gateway: PharmacyGateway, order: OrderRow): Promise<string | null> {
    try {
      // Without references the only way to find the order is to place it again.
      const found = await (gateway.hasReferences
        ? untilUsable(settings, () => gateway.findByReference(order.id, abortSignal()))
        : adoptOrPlace(dependencies, gateway, order));
      if (found === undefined) return null;
      await recordFoundOrder(database, order, found.id);
      return found.id;
    } catch (error) {
      if (error instanceof OrderRefusedError) return null;
      throw error;
    }
  }

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
