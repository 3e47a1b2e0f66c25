import type { Sql } from '../../storage/database.ts';

/** Makes what waits for an endpoint due now: it became ENABLED in this transaction. */
export async function releaseDeliveries(tx: Sql, endpointId: string): Promise<void> {
  await tx`
    UPDATE webhook_deliveries SET next_attempt_at = now()
    WHERE endpoint_id = ${endpointId} AND status = 'PENDING'`;
  await ringDeliveries(tx);
}

/** Tells who delivers, once the transaction has committed, that something is due. */
export async function ringDeliveries(tx: Sql): Promise<void> {
  await tx`SELECT pg_notify('deliveries', '')`;
}
