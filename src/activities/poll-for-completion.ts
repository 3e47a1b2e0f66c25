import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { SealBrokenError } from '../keys/aead.ts';
import { backoffMs } from '../lib/backoff.ts';
import { endDelay, recordFailedAttempt } from '../orders/delay.ts';
import { PharmacyFaultError, PharmacyUnavailableError } from '../pharmacy/pharmacy-errors.ts';
import { attempt, scheduledAtMs } from '../temporal/activity-context.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readOrderRow } from './order-row.ts';
import { isSettled, readAtPharmacy } from './pharmacy-order.ts';
import { endedResult } from './step-results.ts';

/**
 * Creates the activity `lookForCompletion` (its name in Temporal); see {@link OrderActivities}. Each
 * attempt polls the pharmacy once.
 */
export function createPollForCompletion(
  dependencies: ActivityDependencies,
): OrderActivities['lookForCompletion'] {
  const { database, pharmacies, settings } = dependencies;
  return async (orderId, limit) => {
    // Temporal's clock, as in the workflow: this worker's clock may be wrong by days.
    const left = limit - scheduledAtMs();
    const pollMs = backoffMs(attempt(), {
      initialMs: settings.pollInitialMs,
      maxMs: settings.pollMaxMs,
    });
    const wait = await poll(orderId, pollMs);
    if (wait === 'settled') return 'settled';
    if (left <= 0) return 'too-late';
    throw ApplicationFailure.create({
      type: 'NOT_COMPLETED_YET',
      message: 'the pharmacy has not completed the order yet',
      nextRetryDelay: Math.max(1, Math.min(wait, left)),
      // This failure is expected; the category keeps it out of the worker's warnings.
      category: ApplicationFailureCategory.BENIGN,
    });
  };

  /** @returns the delay before the next poll in milliseconds, unless the pharmacy seems to have finished. */
  async function poll(orderId: string, pollMs: number): Promise<'settled' | number> {
    try {
      const order = await readOrderRow(database, orderId);
      if (endedResult(order) !== undefined) return 'settled';
      const { id, pharmacyOrderId, sentForMs } = order;
      const gateway = await pharmacies.gateway(order.pharmacyId);
      // Without a pharmacy there is nothing to poll; `fetchDocuments` reports it as PHARMACY_UNKNOWN.
      if (gateway === undefined || pharmacyOrderId === null) return 'settled';
      const there = await readAtPharmacy(dependencies, gateway, { id, pharmacyOrderId, sentForMs });
      if (order.isDelayed) await endDelay(database, id);
      return isSettled(there) ? 'settled' : pollMs;
    } catch (error) {
      // The next poll may reach the pharmacy.
      if (error instanceof PharmacyUnavailableError) {
        const delayMs = Math.max(pollMs, error.retryAfterMs ?? 0);
        await recordFailedAttempt(database, orderId, { code: error.code, delayMs });
        return delayMs;
      }
      // `fetchDocuments` meets the same fault and reports it.
      if (error instanceof PharmacyFaultError || error instanceof SealBrokenError) {
        return 'settled';
      }
      throw error;
    }
  }
}
