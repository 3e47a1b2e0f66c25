import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { backoffMs } from '../lib/backoff.ts';
import { PharmacyFaultError, PharmacyUnavailableError } from '../pharmacy/pharmacy-errors.ts';
import { abortSignal, attempt } from '../temporal/activity-context.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type OrderRow, readOrderRow } from './order-row.ts';
import { isSettled, readAtPharmacy } from './pharmacy-order.ts';
import { endedResult } from './step-results.ts';

/**
 * Creates the activity `lookForCompletion` (its name in Temporal); see {@link OrderActivities}. Each
 * attempt polls the pharmacy once.
 */
export function createPollForCompletion({
  database,
  pharmacies,
  settings,
}: ActivityDependencies): OrderActivities['lookForCompletion'] {
  return async (orderId, limit) => {
    const order = await readOrderRow(database, orderId);
    if (endedResult(order) !== undefined || (await seemsSettled(order))) return 'settled';
    const left = limit - Date.now();
    if (left <= 0) return 'too-late';
    const wait = backoffMs(attempt(), {
      initialMs: settings.pollInitialMs,
      maxMs: settings.pollMaxMs,
    });
    throw ApplicationFailure.create({
      type: 'NOT_COMPLETED_YET',
      message: 'the pharmacy has not completed the order yet',
      nextRetryDelay: Math.max(1, Math.min(wait, left)),
      // This failure is expected; the category keeps it out of the worker's warnings.
      category: ApplicationFailureCategory.BENIGN,
    });
  };

  async function seemsSettled({ id, pharmacyId, pharmacyOrderId }: OrderRow): Promise<boolean> {
    const gateway = await pharmacies.gateway(pharmacyId);
    // Without a pharmacy there is nothing to poll; `fetchDocuments` reports it as PHARMACY_UNKNOWN.
    if (gateway === undefined || pharmacyOrderId === null) return true;
    try {
      return isSettled(await readAtPharmacy(gateway, { id, pharmacyOrderId }, abortSignal()));
    } catch (error) {
      // The next poll may reach the pharmacy.
      if (error instanceof PharmacyUnavailableError) return false;
      // `fetchDocuments` meets the same fault and reports it.
      if (error instanceof PharmacyFaultError) return true;
      throw error;
    }
  }
}
