import { PharmacyFaultError, PharmacyUnavailableError } from '../pharmacy/errors.ts';
import type { PharmacyGateway } from '../pharmacy/gateway.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import { abortSignal, attempt } from './context.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { endedResult, readOrderRow } from './order-row.ts';
import { ended } from './record.ts';

/** Attempts to reach a pharmacy before an order expires without its word. */
const MOST_ATTEMPTS = 10;

/** Makes the activity `expireOrder`; see {@link OrderActivities}. */
export function createExpireOrder({
  database,
  pharmacies,
}: ActivityDependencies): OrderActivities['expireOrder'] {
  return async (orderId) => {
    const order = await readOrderRow(database, orderId);
    const end = endedResult(order);
    if (end !== undefined) return end;
    const gateway = await pharmacies.gateway(order.pharmacyId);
    if (gateway !== undefined && order.pharmacyOrderId !== null) {
      const settled = await lastLook(gateway, order.pharmacyOrderId);
      if (settled) return { outcome: 'done' };
    }
    return await ended(database, orderId, {
      to: 'EXPIRED',
      actor: 'system',
      reasonCode: 'COMPLETION_LIMIT',
      reason: 'The pharmacy did not complete the order in time.',
    });
  };
}

/** Looks once more, and tries to cancel an order that is still open; true: it is settled there. */
async function lastLook(gateway: PharmacyGateway, pharmacyOrderId: string): Promise<boolean> {
  try {
    const { status } = await gateway.get(pharmacyOrderId, abortSignal());
    if (status !== 'accepted' && status !== 'in_progress') return true;
    await gateway.cancel(pharmacyOrderId, abortSignal());
    return false;
  } catch (error) {
    if (error instanceof PharmacyFaultError) return false;
    if (error instanceof PharmacyUnavailableError && attempt() >= MOST_ATTEMPTS) return false;
    throw error;
  }
}
