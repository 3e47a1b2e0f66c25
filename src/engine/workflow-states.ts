import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { callWithTimeout, type WithDeadline } from '../temporal/call-with-timeout.ts';
import { ORDER_WORKFLOW, orderWorkflowId } from '../workflows/order-messages.ts';

/** Calls to Temporal at the same time. */
const MOST_CALLS = 8;

/**
 * Where the workflow of an order is: `OPEN`, `GONE` (Temporal knows none) or how the last run ended,
 * as Temporal names it, e.g. `TERMINATED`.
 */
export type WorkflowState = string;

/** An order's open workflow, as Temporal's search lists it, which may lag behind. */
export interface ListedWorkflow {
  readonly workflowId: string;
  readonly startTime: Date;
}

/** What the reconciler asks Temporal. Every call is bounded in time, and throws what the SDK throws. */
export interface WorkflowStates {
  /** The states of some orders' workflows, as they are now (this call of Temporal is consistent). */
  read(orderIds: readonly string[]): Promise<Map<string, WorkflowState>>;
  /** A page of the open order workflows of our task queue, the latest started first. */
  list(startedBefore: Date, most: number): Promise<ListedWorkflow[]>;
}

/** Makes what reads the states of workflows. */
export function createWorkflowStates(
  client: Client,
  taskQueue: string,
  withDeadline: WithDeadline,
): WorkflowStates {
  async function readOne(orderId: string): Promise<WorkflowState> {
    try {
      const handle = client.workflow.getHandle(orderWorkflowId(orderId));
      const { status } = await callWithTimeout(withDeadline, () => handle.describe());
      return ENDS.has(status.name) ? status.name : 'OPEN';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'GONE';
      throw error;
    }
  }

  return {
    async read(orderIds) {
      const states = new Map<string, WorkflowState>();
      const left = orderIds.values();
      const work = async () => {
        for (const orderId of left) states.set(orderId, await readOne(orderId));
      };
      await Promise.all(Array.from({ length: MOST_CALLS }, work));
      return states;
    },
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
  };
}

/** An order's workflow that is none of these is open. */
const ENDS: ReadonlySet<string> = new Set([
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TERMINATED',
  'TIMED_OUT',
]);
