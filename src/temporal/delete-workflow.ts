import { isGrpcServiceError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { callWithTimeout, type WithDeadline } from './call-with-timeout.ts';

/** `NOT_FOUND` (grpc.io, "Status codes and their use"). */
const NOT_FOUND = 5;

/**
 * Makes what deletes a workflow with its history; one that runs is terminated first. One that is not
 * there is no error.
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
