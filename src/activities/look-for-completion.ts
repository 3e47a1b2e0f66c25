import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { backoffMs } from '../lib/backoff.ts';
import { PharmacyFaultError, PharmacyUnavailableError } from '../pharmacy/pharmacy-errors.ts';
import { abortSignal, attempt } from '../temporal/activity-context.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import { readAtPharmacy } from './at-pharmacy.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { endedResult, type OrderRow, readOrderRow } from './order-row.ts';
import { isSettled } from './settled.ts';

/** Makes the activity `lookForCompletion`; see {@link OrderActivities}. */
export function createLookForCompletion({
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
      message: 'the pharmacy is not done with the order yet',
      nextRetryDelay: Math.max(1, Math.min(wait, left)),
      // Expected, so it is no warning in the worker's log.
      category: ApplicationFailureCategory.BENIGN,
    });
  };

  async function seemsSettled({ id, pharmacyId, pharmacyOrderId }: OrderRow): Promise<boolean> {
    const gateway = await pharmacies.gateway(pharmacyId);
    // Without a pharmacy there is nothing to see; `fetchDocuments` says so to people.
    if (gateway === undefined || pharmacyOrderId === null) return true;
    try {
      return isSettled(await readAtPharmacy(gateway, { id, pharmacyOrderId }, abortSignal()));
    } catch (error) {
      // A pharmacy that is away is looked at again at the next time; the waiting goes on.
      if (error instanceof PharmacyUnavailableError) return false;
      if (error instanceof PharmacyFaultError) return true;
      throw error;
    }
  }
}
