import { isUuid } from '../lib/uuid.ts';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { orderWorkflowId } from '../workflows/order-messages.ts';
import type { WorkflowStates } from './workflow-states.ts';

/** Workflows compared at once. */
const PAGE = 200;
/** A workflow follows its order's end; only one that has not after so long is an orphan. */
const PATIENCE_SECONDS = 60;

/**
 * Looks through the next of Temporal's open order workflows for those that have no open order, and
 * keeps them in `orphan_workflows`. They are reported and never ended: whoever made them may have
 * restored Postgres from a backup, and then they know more than Postgres does.
 *
 * @returns whether the scan goes on.
 */
export async function scanOrphans({
  database,
  workflows,
  log,
}: {
  readonly database: Database;
  readonly workflows: WorkflowStates;
  readonly log: Log;
}): Promise<boolean> {
  const before = await readScan(database);
  const page = await workflows.list(before, PAGE);
  const orderIds = page.flatMap(({ workflowId }) => orderIdOf(workflowId) ?? []);
  const suspects = await findSuspects(database, orderIds);
  // The search lags behind: what it calls open may have ended.
  const states = await workflows.read([...suspects.keys()]);
  for (const [orderId, reasonCode] of suspects) {
    if (states.get(orderId) !== 'OPEN') continue;
    const workflowId = orderWorkflowId(orderId);
    const known = await database`
      INSERT INTO orphan_workflows (workflow_id, reason_code) VALUES (${workflowId}, ${reasonCode})
      ON CONFLICT (workflow_id) DO UPDATE
        SET seen_at = now(), reason_code = excluded.reason_code
      RETURNING found_at = seen_at AS first`;
    if (known[0]?.['first']) {
      log.warn('an open workflow has no open order', { workflowId, code: reasonCode });
    }
  }
  const last = page.at(-1);
  const goesOn = last !== undefined && page.length === PAGE;
  await advance(database, goesOn ? nextBefore(before, last.startTime) : null);
  return goesOn;
}

/** A millisecond that both pages share: Temporal keeps times more finely than we do. */
function nextBefore(before: Date, last: Date): Date {
  return new Date(Math.min(before.getTime() - 1, last.getTime() + 1));
}

function orderIdOf(workflowId: string): string | undefined {
  const orderId = workflowId.replace(/^order-/, '');
  return isUuid(orderId) && orderWorkflowId(orderId) === workflowId ? orderId : undefined;
}

async function readScan(database: Database): Promise<Date> {
  const [row] = await database<{ before: Date }[]>`
    UPDATE reconciliation SET scan_began_at = coalesce(scan_began_at, now())
    RETURNING coalesce(scan_before, now() + interval '1 minute') AS before`;
  if (row === undefined) throw new Error('the row of the reconciliation is missing');
  return row.before;
}

/** Of some orders, those that are not there or have ended, with which of both it is. */
async function findSuspects(
  database: Database,
  orderIds: string[],
): Promise<Map<string, 'NO_ORDER' | 'ORDER_ENDED'>> {
  const rows = await database<{ id: string; reasonCode: 'NO_ORDER' | 'ORDER_ENDED' }[]>`
    SELECT listed.id, CASE WHEN orders.id IS NULL THEN 'NO_ORDER' ELSE 'ORDER_ENDED' END AS reason_code
    FROM unnest(${orderIds}::uuid[]) AS listed (id) LEFT JOIN orders ON orders.id = listed.id
    WHERE orders.id IS NULL
      OR (status IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED')
        AND updated_at < now() - ${PATIENCE_SECONDS} * interval '1 second')`;
  return new Map(rows.map(({ id, reasonCode }) => [id, reasonCode]));
}

/** @param before where the scan goes on; null at its end, when those that it no longer saw are forgotten. */
async function advance(database: Database, before: Date | null): Promise<void> {
  await database`
    WITH forgotten AS (
      DELETE FROM orphan_workflows USING reconciliation
      WHERE ${before === null} AND seen_at < scan_began_at
    )
    UPDATE reconciliation SET scan_before = ${before},
      scan_began_at = CASE WHEN ${before === null} THEN NULL ELSE scan_began_at END`;
}
