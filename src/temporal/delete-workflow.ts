import { isGrpcServiceError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { callWithTimeout, type WithDeadline } from './call-with-timeout.ts';

/** `NOT_FOUND` (grpc.io, "Status codes and their use"). */
const NOT_FOUND = 5;

/**
 * Creates a function that deletes a workflow and its history. Temporal terminates a running workflow
 * first. A workflow that does not exist is not an error.
 */
export function createDeleteWorkflow(
  connection: NativeConnection,
  namespace: string,
): (workflowId: string) => Promise<void> {
  const withDeadline: WithDeadline = (deadline, run) => connection.withDeadline(deadline, run);
  return async (workflowId) => {
    try {
      await callWithTimeout(withDeadline, () =>
        connection.workflowService.deleteWorkflowExecution({
          namespace,
          workflowExecution: { workflowId },
        }),
      );
    } catch (error) {
      if (!isGrpcServiceError(error) || Number(error.code) !== NOT_FOUND) throw error;
    }
  };
}
