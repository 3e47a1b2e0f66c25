import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { orderWorkflowId } from '../workflows/order-messages.ts';
import { restartOrder } from './restart-order.ts';
import type { WorkflowState, WorkflowStates } from './workflow-states.ts';

/** Orders compared in one step. */
const BATCH = 200;
/** Restarts that may wait in the outbox: after Temporal lost its store, the dispatcher sets the pace. */
const MOST_QUEUED = 1_000;
/** Wait before a workflow that seems lost is checked again: the order's end may be about to commit. */
const SECOND_LOOK_MS = 1_000;

/** What a sweep needs. */
export interface SweepDependencies {
  readonly database: Database;
  readonly workflows: WorkflowStates;
  /** Registers search attributes again: a Temporal store that lost workflows has lost them too. */
  readonly prepareTemporal: () => Promise<void>;
  readonly log: Log;
}

/**
 * Compares the next open orders with Temporal, and restarts those whose workflow was lost or has ended.
 * Postgres stores the sweep's position, so that the next process continues there.
 *
 * @returns whether the sweep continues; false at its end, or when too many restarts wait in the outbox.
 */
export async function sweepBatch(dependencies: SweepDependencies): Promise<boolean> {
  const { database, workflows, log } = dependencies;
  if (await dispatcherIsBehind(database, 'restart')) return false;
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
    log.warn('open order without an open workflow: restarting it', fields);
  }
}

/** Whether so many restarts wait in the outbox that a sweep adds no more. */
export async function dispatcherIsBehind(
  database: Database,
  kind: 'restart' | 'news',
): Promise<boolean> {
  const [row] = await database<{ queued: number }[]>`
    SELECT count(*)::int AS queued FROM outbox WHERE kind = ${kind}`;
  return (row?.queued ?? 0) >= MOST_QUEUED;
}

/** Returns the next open orders, without those whose start still waits in the outbox. */
async function nextOrders(database: Database): Promise<string[]> {
  const rows = await database<{ id: string }[]>`
    WITH present AS (
      UPDATE reconciliation SET sweep_began_at = coalesce(sweep_began_at, now())
      RETURNING after_order
    )
    SELECT orders.id FROM orders
    WHERE status NOT IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED')
      -- A subquery, not a join: Postgres then reads the batch in the order of the index, and no other order.
      AND orders.id > (
        SELECT coalesce(after_order, '00000000-0000-0000-0000-000000000000') FROM present)
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
