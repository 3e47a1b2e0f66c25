import { isUuid } from '../lib/uuid.ts';
import type { Database } from '../storage/database.ts';
import { orderWorkflowId } from '../workflows/order-messages.ts';
import type { SweepDependencies } from './sweep.ts';

/** Workflows compared in one step. */
const PAGE = 200;
/** A workflow ends shortly after its order. Only one that is still open after so long is an orphan. */
const PATIENCE_SECONDS = 60;

/**
 * Checks the next page of Temporal's open order workflows, and stores those without an open order in
 * `orphan_workflows`. They are reported, not terminated: an operator decides. Only those from before a restore end by
 * themselves, see end-earlier-runs.ts.
 *
 * @returns whether there are more pages.
 */
export async function scanOrphans({
  database,
  workflows,
  log,
}: Pick<SweepDependencies, 'database' | 'workflows' | 'log'>): Promise<boolean> {
  const before = await readScan(database);
  const page = await workflows.list(before, PAGE);
  const orderIds = page.flatMap(({ workflowId }) => orderIdOf(workflowId) ?? []);
  const suspects = await findSuspects(database, orderIds);
  // Temporal's search lags behind: a workflow that it lists as open may have ended.
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
      log.warn('open workflow without an open order', { workflowId, code: reasonCode });
    }
  }
  const last = page.at(-1);
  const goesOn = last !== undefined && page.length === PAGE;
  await advance(database, goesOn ? nextBefore(before, last.startTime) : null);
  return goesOn;
}

/** The pages overlap by a millisecond, because Temporal's times are finer than a Date's. */
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
  if (row === undefined) throw new Error('the table reconciliation has no row');
  return row.before;
}

/** Returns the orders that are missing or have ended, with the reason. */
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

/** @param before where the scan continues; null at its end, when orphans that it no longer saw are deleted. */
async function advance(database: Database, before: Date | null): Promise<void> {
  await database`
    WITH forgotten AS (
      DELETE FROM orphan_workflows USING reconciliation
      WHERE ${before === null} AND seen_at < scan_began_at
    )
    UPDATE reconciliation SET scan_before = ${before},
      scan_began_at = CASE WHEN ${before === null} THEN NULL ELSE scan_began_at END`;
}
