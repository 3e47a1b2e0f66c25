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
import {
  newsArrived,
  ORDER_NEWS_WORKFLOW,
  type OrderNewsInput,
  orderNewsWorkflowId,
} from '../workflows/order-news-messages.ts';
import type { OutboxRow } from './outbox.ts';

/** Maximum length of a pharmacy's id in Temporal, which limits a search attribute to 2 KB. */
const MOST_PHARMACY_ID = 255;

/** Starts or signals the workflow for one outbox row. Repeating a row has no further effect. */
export type Deliver = (row: OutboxRow) => Promise<void>;

/**
 * Creates the function that delivers outbox rows to Temporal.
 *
 * @param client must use the worker's own connection. Then starts are eager: Temporal hands the first
 *   workflow task to this process directly, without the task queue.
 */
export function createDeliver(client: Client, taskQueue: string): Deliver {
  async function start(row: OutboxRow): Promise<void> {
    // Callers choose the id, and Temporal limits its length. Postgres has it in full.
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
      // An earlier attempt started the workflow, and it has ended.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  async function signal(row: OutboxRow, definition: SignalDefinition): Promise<void> {
    try {
      await client.workflow.getHandle(orderWorkflowId(row.orderId)).signal(definition);
    } catch (error) {
      // An order's rows are delivered in sequence, so the workflow was started before. If the order has
      // ended, the signal is late and has no effect. Never use signalWithStart: it would start a second
      // run. If the order is still open, its workflow was lost: keep the row, and log the failure, until
      // the reconciler starts another.
      if (!(error instanceof WorkflowNotFoundError) || !isEnd(row.status)) throw error;
    }
  }

  /** News about an order that has ended starts a workflow of its own, or one more round of it. */
  async function followNews({ orderId, organizationId }: OutboxRow): Promise<void> {
    await client.workflow.signalWithStart(ORDER_NEWS_WORKFLOW, {
      workflowId: orderNewsWorkflowId(orderId),
      taskQueue,
      args: [{ orderId } satisfies OrderNewsInput],
      signal: newsArrived,
      staticSummary: 'News about an order that has ended',
      priority: { fairnessKey: organizationId },
    });
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
      case 'news':
        return await followNews(row);
    }
  };
}

/** Where a new run begins when its order is in NEEDS_ATTENTION. */
function restOf({ kind, status, reasonCode, placed }: OutboxRow): Pick<OrderInput, 'resting'> {
  if (kind !== 'restart' || status !== 'NEEDS_ATTENTION') return {};
  return { resting: { reasonCode: reasonCode ?? 'UNKNOWN', placed } };
}
