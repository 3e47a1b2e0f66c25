import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { forEach } from '../lib/for-each.ts';
import { callWithTimeout, type WithDeadline } from '../temporal/call-with-timeout.ts';
import { ORDER_WORKFLOW, orderWorkflowId } from '../workflows/order-messages.ts';
import { orderNewsWorkflowId } from '../workflows/order-news-messages.ts';

/** Concurrent calls to Temporal. */
const MOST_CALLS = 8;

/**
 * The state of a workflow: `OPEN`, `GONE` (Temporal has none), or the status with which the last
 * run ended, e.g. `TERMINATED`.
 */
export type WorkflowState = string;

/** An open order workflow in Temporal's search, which may lag behind. */
export interface ListedWorkflow {
  readonly workflowId: string;
  readonly startTime: Date;
}

/** The queries of the reconciler to Temporal. Every call has a time limit and throws the SDK's errors. */
export interface WorkflowStates {
  /** Returns the current states of orders' workflows. Temporal's describe is consistent, unlike its search. */
  read(orderIds: readonly string[]): Promise<Map<string, WorkflowState>>;
  /** As `read`, for the workflows that follow up news about orders that have ended. */
  readNews(orderIds: readonly string[]): Promise<Map<string, WorkflowState>>;
  /** Returns a page of the task queue's open order workflows, the latest started first. */
  list(startedBefore: Date, most: number): Promise<ListedWorkflow[]>;
  /** Terminates workflows. @returns how many of them were open. */
  terminate(listed: readonly ListedWorkflow[], reason: string): Promise<number>;
}

/** Creates the reader of workflow states. */
export function createWorkflowStates(
  client: Client,
  taskQueue: string,
  withDeadline: WithDeadline,
): WorkflowStates {
  async function readOne(workflowId: string): Promise<WorkflowState> {
    try {
      const handle = client.workflow.getHandle(workflowId);
      const { status } = await callWithTimeout(withDeadline, () => handle.describe());
      return ENDS.has(status.name) ? status.name : 'OPEN';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'GONE';
      throw error;
    }
  }

  async function readAll(
    orderIds: readonly string[],
    workflowIdOf: (orderId: string) => string,
  ): Promise<Map<string, WorkflowState>> {
    const states = new Map<string, WorkflowState>();
    await forEach(orderIds, MOST_CALLS, async (orderId) => {
      states.set(orderId, await readOne(workflowIdOf(orderId)));
    });
    return states;
  }

  return {
    read: (orderIds) => readAll(orderIds, orderWorkflowId),
    readNews: (orderIds) => readAll(orderIds, orderNewsWorkflowId),
    async list(startedBefore, most) {
      const query = [
        `WorkflowType = '${ORDER_WORKFLOW}'`,
        "ExecutionStatus = 'Running'",
        `TaskQueue = '${taskQueue}'`,
        `StartTime <= '${startedBefore.toISOString()}'`,
      ].join(' AND ');
      return await callWithTimeout(withDeadline, async () => {
        const page: ListedWorkflow[] = [];
        for await (const info of client.workflow.list({ query, pageSize: most })) {
          page.push({ workflowId: info.workflowId, startTime: info.startTime });
          if (page.length === most) break;
        }
        return page;
      });
    },
    async terminate(listed, reason) {
      let ended = 0;
      await forEach(listed, MOST_CALLS, async ({ workflowId }) => {
        const handle = client.workflow.getHandle(workflowId);
        try {
          await callWithTimeout(withDeadline, () => handle.terminate(reason));
          ended += 1;
        } catch (error) {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        }
      });
      return ended;
    },
  };
}

/** A workflow in any other status is open. */
const ENDS: ReadonlySet<string> = new Set([
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TERMINATED',
  'TIMED_OUT',
]);
