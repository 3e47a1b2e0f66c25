import { ApplicationFailure } from '@temporalio/common';
import { v5 as uuidv5 } from 'uuid';
import { applyRepair } from '../orders/repairs/apply-repair.ts';
import { storeRepair } from '../orders/repairs/repair.ts';
import { RepairRefusedError } from '../orders/repairs/repair-errors.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Creates the activity `applyRepair`; see {@link OrderActivities}. */
export function createApplyRepair({
  database,
}: ActivityDependencies): OrderActivities['applyRepair'] {
  return async (orderId, { kind, updateId, request }) => {
    // An update from the Temporal UI carries its input itself; its id makes the repair's id, so that
    // a retry of this activity stores it once.
    const repairId = request.repairId ?? uuidv5(updateId, orderId);
    if (request.repairId === undefined) {
      const { by = 'temporal-ui', pharmacyOrderId } = request;
      // Temporal reports no account: whoever reaches it can send any name.
      const isClaimed = request.by !== undefined;
      await storeRepair(database, { id: repairId, orderId, kind, by, pharmacyOrderId, isClaimed });
    }
    try {
      await applyRepair(database, orderId, repairId);
    } catch (error) {
      if (!(error instanceof RepairRefusedError)) throw error;
      throw ApplicationFailure.nonRetryable(error.message, error.code);
    }
  };
}
