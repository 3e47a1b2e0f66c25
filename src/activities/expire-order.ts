import { LATE_ANSWER, lastAnswerId } from '../orders/late-news.ts';
import type { PharmacyGateway } from '../pharmacy/gateway.ts';
import { PharmacyFaultError, PharmacyUnavailableError } from '../pharmacy/pharmacy-errors.ts';
import { inTransaction } from '../storage/transaction.ts';
import { attempt } from '../temporal/activity-context.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readOrderRow } from './order-row.ts';
import { cancelAtPharmacy, isSettled, type PlacedOrder } from './pharmacy-order.ts';
import { MAX_EXPIRY_ATTEMPTS } from './pharmacy-retry-policy.ts';
import { endedResult, needsAttention, recordEnd } from './step-results.ts';

const EXPIRED = { outcome: 'ended', status: 'EXPIRED', reasonCode: 'COMPLETION_LIMIT' } as const;

/** Creates the activity `expireOrder`; see {@link OrderActivities}. */
export function createExpireOrder(
  dependencies: ActivityDependencies,
): OrderActivities['expireOrder'] {
  const { database, pharmacies } = dependencies;
  return async (orderId) => {
    const order = await readOrderRow(database, orderId);
    const end = endedResult(order);
    if (end !== undefined) return end;
    // An earlier attempt expired the order, and the pharmacy has answered since. This run is over;
    // another run waits in NEEDS_ATTENTION.
    if (order.reasonCode === LATE_ANSWER) return EXPIRED;
    const answerBefore = await lastAnswerId(database, orderId);
    const gateway = await pharmacies.gateway(order.pharmacyId);
    const { pharmacyOrderId, sentForMs } = order;
    if (gateway !== undefined && pharmacyOrderId !== null) {
      const found = await lastCheck(dependencies, gateway, {
        id: orderId,
        pharmacyOrderId,
        sentForMs,
      });
      if (found === 'settled') return { outcome: 'done' };
      if (found === 'open') {
        const reason =
          'The order waited too long, and the pharmacy did not confirm its cancellation.';
        return await needsAttention(database, orderId, 'EXPIRY_NOT_CONFIRMED', reason);
      }
    }
    return await inTransaction(database, async (sql) => {
      // The lock orders this expiry and the pharmacy's messages: a message either commits before and
      // is seen here, or it finds the order expired and reopens it.
      await sql`SELECT FROM orders WHERE id = ${orderId} FOR UPDATE`;
      if ((await lastAnswerId(sql, orderId)) !== answerBefore) throw new AnsweredMeanwhileError();
      return await recordEnd(sql, orderId, {
        to: EXPIRED.status,
        actor: 'system',
        reasonCode: EXPIRED.reasonCode,
        reason: 'The pharmacy did not complete the order in time.',
      });
    });
  };
}

/** The pharmacy sent a message during the last check; the next attempt checks again. */
class AnsweredMeanwhileError extends Error {
  override readonly name = 'AnsweredMeanwhileError';
  readonly code = 'ANSWERED_MEANWHILE';
}

/**
 * Reads the order once more and tries to cancel it if it is still open.
 *
 * @returns `open` when the pharmacy refused the cancellation or could not be reached, so that it may
 *   still dispense the order.
 */
async function lastCheck(
  dependencies: ActivityDependencies,
  gateway: PharmacyGateway,
  order: PlacedOrder,
): Promise<'settled' | 'cancelled' | 'open'> {
  try {
    const status = await cancelAtPharmacy(dependencies, gateway, order);
    if (status === 'granted') return 'cancelled';
    return isSettled({ status }) ? 'settled' : 'open';
  } catch (error) {
    if (error instanceof PharmacyFaultError) return 'open';
    if (error instanceof PharmacyUnavailableError && attempt() >= MAX_EXPIRY_ATTEMPTS) {
      return 'open';
    }
    throw error;
  }
}
