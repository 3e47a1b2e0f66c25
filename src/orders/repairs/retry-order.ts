import { setTimeout as sleep } from 'node:timers/promises';
import {
  ApplicationFailure,
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { Database } from '../../storage/database.ts';
import { temporalCode } from '../../temporal/call-with-timeout.ts';
import { orderWorkflowId, retryUpdate } from '../../workflows/order-messages.ts';
import type { RepairRequest } from './repair.ts';
import { RepairRefusedError, TemporalUnavailableError } from './repair-errors.ts';
import { readStatus, withRepair } from './with-repair.ts';

/** How long to wait for Temporal and a worker, in milliseconds. */
const ANSWER_LIMIT_MS = 10_000;
/** How long the workflow may lag behind the status in Postgres, in milliseconds. */
const LAG_LIMIT_MS = 3_000;

/**
 * Retries an order that waits in `NEEDS_ATTENTION`. The request is stored in Postgres; the workflow
 * gets only its id, so that no free text reaches Temporal. Resolves when the order continues.
 *
 * @throws {UnknownIdError} there is no such order.
 * @throws {RepairRefusedError} the order cannot be retried, or not with that pharmacy order id.
 * @throws {TemporalUnavailableError} Temporal did not answer, or no worker is running.
 */
export async function retryOrder(
  { database, temporal }: { database: Database; temporal: Client },
  orderId: string,
  request: RepairRequest,
): Promise<void> {
  const status = await readStatus(database, orderId);
  if (status !== 'NEEDS_ATTENTION') throw RepairRefusedError.inStatus(status);
  await withRepair(database, 'retry', orderId, request, async (repairId) => {
    const end = Date.now() + LAG_LIMIT_MS;
    for (;;) {
      const refusal = await sendUpdate(temporal, orderId, repairId);
      if (refusal === undefined) return;
      if (refusal.code !== 'WRONG_STATUS' || Date.now() > end) throw refusal;
      await sleep(200);
    }
  });
}

/** Sends the update `retry`; returns the workflow's refusal, if it refuses. */
async function sendUpdate(
  temporal: Client,
  orderId: string,
  repairId: string,
): Promise<RepairRefusedError | undefined> {
  const workflow = temporal.workflow.getHandle(orderWorkflowId(orderId));
  try {
    await temporal.connection.withDeadline(Date.now() + ANSWER_LIMIT_MS, () =>
      workflow.executeUpdate(retryUpdate, { updateId: repairId, args: [{ repairId }] }),
    );
    return undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      const message =
        'no workflow of this order is running; the reconciler starts it again within minutes';
      return new RepairRefusedError('WORKFLOW_MISSING', message);
    }
    if (error instanceof WorkflowUpdateFailedError) {
      const { type, message } = rootOf(error);
      return new RepairRefusedError(type ?? 'REPAIR_FAILED', message);
    }
    throw new TemporalUnavailableError(
      `Temporal or its workers did not answer (${temporalCode(error)}); the order may have been retried: check its timeline, and Temporal with rx doctor`,
    );
  }
}

/** The workflow's own failure, without the errors that the SDK wraps around it. */
function rootOf(error: WorkflowUpdateFailedError): {
  type?: string | null | undefined;
  message: string;
} {
  let cause: unknown = error.cause;
  while (cause instanceof Error && !(cause instanceof ApplicationFailure)) cause = cause.cause;
  return cause instanceof ApplicationFailure ? cause : { message: 'the update failed' };
}
