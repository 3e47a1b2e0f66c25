import { LATE_ANSWER, lastAnswer } from '../orders/late-answer.ts';
import type { PharmacyGateway } from '../pharmacy/gateway.ts';
import { PharmacyFaultError, PharmacyUnavailableError } from '../pharmacy/pharmacy-errors.ts';
import { inTransaction } from '../storage/transaction.ts';
import { abortSignal, attempt } from '../temporal/activity-context.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import type { PlacedOrder } from './at-pharmacy.ts';
import { cancelAtPharmacy } from './cancel-at-pharmacy.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { endedResult, readOrderRow } from './order-row.ts';
import { ended, needsAttention } from './record.ts';
import { isSettled } from './settled.ts';

/** Attempts to reach a pharmacy before an order expires without its word. */
const MOST_ATTEMPTS = 10;
const EXPIRED = { outcome: 'ended', status: 'EXPIRED', reasonCode: 'COMPLETION_LIMIT' } as const;

/** Makes the activity `expireOrder`; see {@link OrderActivities}. */
export function createExpireOrder({
  database,
  pharmacies,
}: ActivityDependencies): OrderActivities['expireOrder'] {
  return async (orderId) => {
    const order = await readOrderRow(database, orderId);
    const end = endedResult(order);
    if (end !== undefined) return end;
    // An attempt before this one expired it, and the pharmacy answered since: this run is over, and
    // the order rests in another one.
    if (order.reasonCode === LATE_ANSWER) return EXPIRED;
    const heard = await lastAnswer(database, orderId);
    const gateway = await pharmacies.gateway(order.pharmacyId);
    const { pharmacyOrderId } = order;
    if (gateway !== undefined && pharmacyOrderId !== null) {
      const seen = await lastLook(gateway, { id: orderId, pharmacyOrderId });
      if (seen === 'settled') return { outcome: 'done' };
      if (seen === 'open') {
        const reason =
          'The order waited too long, and the pharmacy did not confirm its cancellation.';
        return await needsAttention(database, orderId, 'EXPIRY_NOT_CONFIRMED', reason);
      }
    }
    return await inTransaction(database, async (sql) => {
      // Messages wait for the row: one either comes before, and is seen here, or finds it expired.
      await sql`SELECT FROM orders WHERE id = ${orderId} FOR UPDATE`;
      if ((await lastAnswer(sql, orderId)) !== heard) throw new AnsweredMeanwhileError();
      return await ended(sql, orderId, {
        to: EXPIRED.status,
        actor: 'system',
        reasonCode: EXPIRED.reasonCode,
        reason: 'The pharmacy did not complete the order in time.',
      });
    });
  };
}

/** The pharmacy said something while it was looked at for the last time: the next attempt looks again. */
class AnsweredMeanwhileError extends Error {
  override readonly name = 'AnsweredMeanwhileError';
  readonly code = 'ANSWERED_MEANWHILE';
}

/**
 * Looks once more, and tries to cancel an order that is still open. `open`: the pharmacy refused to
 * cancel it, or cannot be asked, so that it may yet be dispensed.
 */
async function lastLook(
  gateway: PharmacyGateway,
  order: PlacedOrder,
): Promise<'settled' | 'cancelled' | 'open'> {
  try {
    const seen = await cancelAtPharmacy(gateway, order, abortSignal());
    if (seen === 'granted') return 'cancelled';
    return isSettled({ status: seen }) ? 'settled' : 'open';
  } catch (error) {
    if (error instanceof PharmacyFaultError) return 'open';
    if (error instanceof PharmacyUnavailableError && attempt() >= MOST_ATTEMPTS) return 'open';
    throw error;
  }
}
