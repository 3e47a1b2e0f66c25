import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { orderWorkflowId } from '../workflows/order-messages.ts';
import { restartOrder } from './restart-order.ts';
import type { WorkflowState, WorkflowStates } from './workflow-states.ts';

/** Orders compared at once. */
const BATCH = 200;
/** Restarts that may wait for the dispatcher; a lost Temporal store is filled again at its pace. */
const MOST_QUEUED = 1_000;
/** What looks lost is looked at again after so long: an end may be just about to be written. */
const SECOND_LOOK_MS = 1_000;

/** What a sweep works with. */
export interface SweepDependencies {
  readonly database: Database;
  readonly workflows: WorkflowStates;
  /** Makes Temporal ready for starts: a store that lost the workflows has lost all else too. */
  readonly prepareTemporal: () => Promise<void>;
  readonly log: Log;
}

/**
 * Compares the next open orders with Temporal, and has those started again whose workflow is gone or
 * has ended. Where it has come to stands in Postgres, so that whoever is next goes on from there.
 *
 * @returns whether the sweep goes on; false when it came to its end, or the dispatcher is behind.
 */
export async function sweepBatch(dependencies: SweepDependencies): Promise<boolean> {
  const { database, workflows, log } = dependencies;
  if (await dispatcherIsBehind(database)) return false;
  const orders = await nextOrders(database);
  const states = await workflows.read(orders);
  const suspects = orders.filter((id) => states.get(id) !== 'OPEN');
  if (suspects.length > 0) {
    await sleep(SECOND_LOOK_MS);
    const again = await workflows.read(suspects);
    const lost = [...again].filter(([, state]) => state !== 'OPEN');
    if (lost.length > 0) await dependencies.prepareTemporal();
    for (const [orderId, state] of lost) await restart(orderId, state);
  }
  const last = orders.length < BATCH ? null : (orders.at(-1) ?? null);
  await advance(database, last);
  return last !== null;

  async function restart(orderId: string, state: WorkflowState): Promise<void> {
    if (!(await restartOrder(database, orderId, state))) return;
    const fields = { orderId, workflowId: orderWorkflowId(orderId), code: `WORKFLOW_${state}` };
    log.warn('an open order had no open workflow: starting it again', fields);
  }
}

async function dispatcherIsBehind(database: Database): Promise<boolean> {
  const [row] = await database<{ queued: number }[]>`
    SELECT count(*)::int AS queued FROM outbox WHERE kind = 'restart'`;
  return (row?.queued ?? 0) >= MOST_QUEUED;
}

/** The next open orders; not those whose start Temporal has not been told of yet. */
async function nextOrders(database: Database): Promise<string[]> {
  const rows = await database<{ id: string }[]>`
    WITH present AS (
      UPDATE reconciliation SET sweep_began_at = coalesce(sweep_began_at, now())
      RETURNING after_order
    )
    SELECT orders.id FROM present, orders
    WHERE status NOT IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED')
      AND orders.id > coalesce(after_order, '00000000-0000-0000-0000-000000000000')
      AND NOT EXISTS (
        SELECT FROM outbox WHERE order_id = orders.id AND kind IN ('start', 'restart'))
    ORDER BY orders.id LIMIT ${BATCH}`;
  return rows.map(({ id }) => id);
}

/** @param last the last order of the batch; null at the end of the sweep. */
async function advance(database: Database, last: string | null): Promise<void> {
  await database`
    UPDATE reconciliation SET
      after_order = ${last},
      swept_until = CASE WHEN ${last === null} THEN sweep_began_at ELSE swept_until END,
      sweep_began_at = CASE WHEN ${last === null} THEN NULL ELSE sweep_began_at END,
      last_round_at = now()`;
}
