import { queueRestart } from '../orders/queue-restart.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';
import type { WorkflowState } from './workflow-states.ts';

/** Each restart within a day makes the next one wait for so many minutes longer. */
const PAUSE_MINUTES = 5;

/**
 * Queues the start of a new workflow for an open order whose workflow was lost or has ended, and records
 * it on the order's timeline. It checks Postgres again under the order's lock, and does nothing if the
 * order has ended meanwhile or its start is queued already. An order whose runs end again and again is
 * restarted less and less often.
 *
 * @returns whether it queued the start.
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
    if (state !== 'GONE' && (await wasRestartedRecently(sql, orderId))) return false;
    if (!(await queueRestart(sql, orderId))) return false;
    await sql`
      INSERT INTO order_activity (order_id, actor, event, reason_code)
      VALUES (${orderId}, 'system', 'WORKFLOW_RESTARTED', ${`WORKFLOW_${state}`})`;
    await sql`UPDATE reconciliation SET restarted = restarted + 1`;
    return true;
  });
}

async function wasRestartedRecently(sql: Sql, orderId: string): Promise<boolean> {
  const [row] = await sql<{ recent: boolean | null }[]>`
    SELECT max(at) > now() - count(*) * ${PAUSE_MINUTES} * interval '1 minute' AS recent
    FROM order_activity
    WHERE order_id = ${orderId} AND event = 'WORKFLOW_RESTARTED' AND at > now() - interval '1 day'`;
  return row?.recent ?? false;
}
