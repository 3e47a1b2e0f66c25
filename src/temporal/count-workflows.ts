import type { Client } from '@temporalio/client';

/** How many runs a namespace has, and how long it keeps those that have ended. */
export interface WorkflowCounts {
  readonly open: number;
  readonly closed: number;
  readonly retentionDays: number | null;
}

const LIMIT_MS = 5_000;
const DAY_SECONDS = 24 * 60 * 60;

/**
 * Counts the runs of a namespace.
 *
 * @throws {ServiceError} Temporal does not answer, or refuses.
 */
export async function countWorkflows(client: Client): Promise<WorkflowCounts> {
  const { namespace } = client.options;
  return await client.withDeadline(Date.now() + LIMIT_MS, async () => {
    const open = await client.workflow.count("ExecutionStatus = 'Running'");
    const all = await client.workflow.count();
    const { config } = await client.workflowService.describeNamespace({ namespace });
    const seconds = config?.workflowExecutionRetentionTtl?.seconds;
    return {
      open: open.count,
      closed: Math.max(0, all.count - open.count),
      retentionDays:
        seconds === null || seconds === undefined ? null : Number(seconds) / DAY_SECONDS,
    };
  });
}
