import type { Sql } from '../../storage/database.ts';

/** Makes the waiting deliveries of an endpoint due now, because this transaction enabled it. */
export async function releaseDeliveries(tx: Sql, endpointId: string): Promise<void> {
  await tx`
    UPDATE webhook_deliveries SET next_attempt_at = now()
    WHERE endpoint_id = ${endpointId} AND status = 'PENDING'`;
  await notifyDeliveryPools(tx);
}

/** Wakes the delivery pools of all workers when the transaction commits. */
export async function notifyDeliveryPools(tx: Sql): Promise<void> {
  await tx`SELECT pg_notify('deliveries', '')`;
}
