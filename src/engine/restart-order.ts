import { queueRestart } from '../orders/queue-restart.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';
import type { WorkflowState } from './workflow-states.ts';

/** Each run that ended too early keeps the next one waiting for so much longer. */
const PAUSE_MINUTES = 5;

/**
 * Has another workflow started for an order whose own is gone, or has ended before the order, and
 * tells so on its timeline. Postgres is asked again, under the order's lock: an order that has ended
 * meanwhile, or is about to be started anyhow, is left as it is. So is, for a while, one whose runs
 * end again and again.
 *
 * @returns whether it did.
 */
export async function restartOrder(
  database: Database,
  orderId: string,
  state: WorkflowState,
): Promise<boolean> {
  return await inTransaction(database, async (sql) => {
    const open = await sql`
      SELECT FROM orders WHERE id = ${orderId}
        AND status NOT IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED')
      FOR UPDATE`;
    if (open.length === 0) return false;
    if (state !== 'GONE' && (await restartedLately(sql, orderId))) return false;
    if (!(await queueRestart(sql, orderId))) return false;
    await sql`
      INSERT INTO order_activity (order_id, actor, event, reason_code)
      VALUES (${orderId}, 'system', 'WORKFLOW_RESTARTED', ${`WORKFLOW_${state}`})`;
    await sql`UPDATE reconciliation SET restarted = restarted + 1`;
    return true;
  });
}

async function restartedLately(sql: Sql, orderId: string): Promise<boolean> {
  const [row] = await sql<{ lately: boolean | null }[]>`
    SELECT max(at) > now() - count(*) * ${PAUSE_MINUTES} * interval '1 minute' AS lately
    FROM order_activity
    WHERE order_id = ${orderId} AND event = 'WORKFLOW_RESTARTED' AND at > now() - interval '1 day'`;
  return row?.lately ?? false;
}
