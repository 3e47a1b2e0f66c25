import { findDateFaults } from '../contract/prescription-dates.ts';
import { isPermitted, pharmacyFault } from '../orders/pharmacy-access.ts';
import type { Sql } from '../storage/database.ts';
import { isLocal } from '../temporal/activity-context.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type OrderRow, readOrderRow, shippingAddressOf } from './order-row.ts';
import { endedResult, needsAttention } from './step-results.ts';

/** Creates the activity `validateOrder`; see {@link OrderActivities}. */
export function createValidateOrder({
  database,
  pharmacies,
  settings,
}: ActivityDependencies): OrderActivities['validateOrder'] {
  return async (orderId) => {
    const order = await readOrderRow(database, orderId);
    const end = endedResult(order);
    if (end !== undefined) return end;

    const pharmacy = await pharmacies.find(order.pharmacyId);
    const limits = {
      outcome: 'done',
      firstLookMs: settings.pollInitialMs,
      completionLimitMs: pharmacy?.completionLimitMs ?? settings.completionLimitMs,
      ...(isLocal() && pharmacies.answersQuickly(order.pharmacyId) ? { isQuick: true } : {}),
    } as const;
    // This run replaces a lost one. The order was checked before it was sent; a sent order continues.
    if (order.sentForMs !== null) {
      const waited = await readWaited(database, order);
      return { ...limits, completionLimitMs: Math.max(1, limits.completionLimitMs - waited) };
    }

    const park = (code: string, reason: string) => needsAttention(database, orderId, code, reason);
    if (order.patient === null) {
      return await park(
        'PATIENT_ERASED',
        'The patient of the case was erased; send the case again.',
      );
    }
    const permitted = pharmacy?.restricted !== true || (await isPermitted(database, order));
    const fault = pharmacyFault(pharmacy && { ...pharmacy, permitted });
    if (fault !== undefined) return await park(fault.code, fault.message);
    // Requests are checked by the same rule; an earlier version accepted orders without it.
    const [dateFault] = findDateFaults(order.prescription);
    if (dateFault !== undefined) {
      return await park('DATES_INCONSISTENT', `${dateFault.message}.`);
    }

    if (shippingAddressOf(order) === undefined) {
      return await park(
        'SHIPPING_ADDRESS_MISSING',
        'Neither the order nor the case has an address.',
      );
    }
    return limits;
  };
}

/**
 * How long the order has already waited for its completion, in milliseconds. An order that needed
 * attention gets the whole time again.
 */
async function readWaited(
  sql: Sql,
  { id, status }: Pick<OrderRow, 'id' | 'status'>,
): Promise<number> {
  if (status !== 'AWAITING_COMPLETION' && status !== 'FETCHING_DOCUMENTS') return 0;
  const [row] = await sql<{ waitedMs: number | null }[]>`
    SELECT floor(extract(epoch FROM now() - max(at)) * 1000)::float8 AS waited_ms
    FROM order_activity WHERE order_id = ${id} AND to_status = 'AWAITING_COMPLETION'`;
  return row?.waitedMs ?? 0;
}
