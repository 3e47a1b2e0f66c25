import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { SignalDefinition } from '@temporalio/common';
import { isEnd } from '../orders/status.ts';
import { startAttributes } from '../temporal/search-attributes.ts';
import {
  cancelRequested,
  ORDER_WORKFLOW,
  type OrderInput,
  orderCompleted,
  orderWorkflowId,
} from '../workflows/order-messages.ts';
import type { OutboxRow } from './outbox.ts';

/** Characters of a pharmacy's id that go to Temporal, which limits a search attribute to 2 KB. */
const MOST_PHARMACY_ID = 255;

/** Takes one outbox row into Temporal. Running a row twice does nothing the second time. */
export type Deliver = (row: OutboxRow) => Promise<void>;

/**
 * Makes the delivery of outbox rows.
 *
 * @param client on the worker's own connection, so that a start can be eager: its first task is
 *   handed to this process without a trip through the queue.
 */
export function createDeliver(client: Client, taskQueue: string): Deliver {
  async function start(row: OutboxRow): Promise<void> {
    // Callers choose it, and Temporal limits what it stores; in full it stands in Postgres.
    const pharmacyId = Array.from(row.pharmacyId).slice(0, MOST_PHARMACY_ID).join('');
    const input: OrderInput = { orderId: row.orderId, pharmacyId, ...restOf(row) };
    try {
      await client.workflow.start(ORDER_WORKFLOW, {
        workflowId: orderWorkflowId(row.orderId),
        taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: row.kind === 'restart' ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
        requestEagerStart: true,
        staticSummary: `Prescription order at ${pharmacyId}`,
        typedSearchAttributes: startAttributes({ ...row, pharmacyId }),
        priority: { fairnessKey: row.organizationId },
      });
    } catch (error) {
      // It ran and ended: an attempt before this one had started it.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  async function signal(row: OutboxRow, definition: SignalDefinition): Promise<void> {
    try {
      await client.workflow.getHandle(orderWorkflowId(row.orderId)).signal(definition);
    } catch (error) {
      // An order's rows go in their order, so it was started: the signal is late. A plain signal,
      // never signalWithStart, which would start a second run.
      // Of an order that is still open, the workflow is gone: the row is kept, and its failing told,
      // until the reconciler starts another.
      if (!(error instanceof WorkflowNotFoundError) || !isEnd(row.status)) throw error;
    }
  }

  return async (row) => {
    switch (row.kind) {
      case 'start':
      case 'restart':
        return await start(row);
      case 'completion':
        return await signal(row, orderCompleted);
      case 'cancel':
        return await signal(row, cancelRequested);
    }
  };
}

/** Where a new run of an order that rests has to begin. */
function restOf({ kind, status, reasonCode, placed }: OutboxRow): Pick<OrderInput, 'resting'> {
  if (kind !== 'restart' || status !== 'NEEDS_ATTENTION') return {};
  return { resting: { reasonCode: reasonCode ?? 'UNKNOWN', placed } };
}
