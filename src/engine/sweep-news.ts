import { notifyAtCommit } from '../orders/dispatcher-notifier.ts';
import { ENDS } from '../orders/status.ts';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { orderNewsWorkflowId } from '../workflows/order-news-messages.ts';
import { dispatcherIsBehind } from './sweep.ts';
import type { WorkflowState, WorkflowStates } from './workflow-states.ts';

/** Orders compared in one step. */
const BATCH = 200;
/** Pause before lost news is queued a second time: its workflow may end again and again. */
const PAUSE_MINUTES = 5;

/**
 * Compares the next orders whose news has not been followed up yet with Temporal, and queues the news
 * again if the workflow that should read the order was lost or has ended. Postgres stores the position,
 * as for `sweepBatch`.
 *
 * @returns whether the sweep continues; false at its end, or when too much news waits in the outbox.
 */
export async function sweepNews({
  database,
  workflows,
  log,
}: {
  readonly database: Database;
  readonly workflows: Pick<WorkflowStates, 'readNews'>;
  readonly log: Log;
}): Promise<boolean> {
  if (await dispatcherIsBehind(database, 'news')) return false;
  const orders = await nextOrders(database);
  const states = await workflows.readNews(orders);
  for (const [orderId, state] of states) {
    if (state === 'OPEN' || !(await queueAgain(database, orderId))) continue;
    const fields = { orderId, workflowId: orderNewsWorkflowId(orderId), code: codeOf(state) };
    log.warn('news without an open workflow: restarting it', fields);
  }
  const last = orders.length < BATCH ? null : (orders.at(-1) ?? null);
  await database`UPDATE reconciliation SET after_news = ${last}`;
  return last !== null;
}

function codeOf(state: WorkflowState): string {
  return `WORKFLOW_${state}`;
}

/** Returns the next orders with news, without those whose news still waits in the outbox. */
async function nextOrders(database: Database): Promise<string[]> {
  const rows = await database<{ orderId: string }[]>`
    SELECT DISTINCT order_id FROM order_news
    JOIN orders ON orders.id = order_id
    WHERE order_id > (SELECT coalesce(after_news, '00000000-0000-0000-0000-000000000000')
        FROM reconciliation)
      AND orders.status = ANY(${ENDS})
      AND (restarted_at IS NULL OR restarted_at < now() - ${PAUSE_MINUTES} * interval '1 minute')
      AND NOT EXISTS (SELECT FROM outbox WHERE outbox.order_id = orders.id AND kind = 'news')
    ORDER BY order_id LIMIT ${BATCH}`;
  return rows.map(({ orderId }) => orderId);
}

/**
 * Queues an order's news again. Checks Postgres once more: a workflow that ended after its work has
 * deleted the news.
 *
 * @returns whether it queued the news.
 */
async function queueAgain(database: Database, orderId: string): Promise<boolean> {
  const queued = await database`
    WITH restarted AS (
      UPDATE order_news SET restarted_at = now() WHERE order_id = ${orderId} RETURNING order_id
    ), counted AS (
      UPDATE reconciliation SET restarted = restarted + 1 WHERE EXISTS (SELECT FROM restarted)
    )
    INSERT INTO outbox (order_id, kind) SELECT DISTINCT order_id, 'news' FROM restarted
    RETURNING order_id, ${notifyAtCommit(database)}`;
  return queued.length > 0;
}
