import { setTimeout as sleep } from 'node:timers/promises';
import {
  ApplicationFailure,
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { Database } from '../../storage/database.ts';
import { temporalCode } from '../../temporal/call-in-time.ts';
import { orderWorkflowId, retryUpdate } from '../../workflows/order-messages.ts';
import type { RepairRequest } from './repair.ts';
import { RepairRefusedError, TemporalUnavailableError } from './repair-errors.ts';
import { readStatus, withRepair } from './with-repair.ts';

/** How long Temporal and a worker are waited for, in milliseconds. */
const ANSWER_LIMIT_MS = 10_000;
/** A workflow comes to rest a moment after Postgres says so, in milliseconds. */
const REST_LIMIT_MS = 3_000;

/**
 * Sends an order on that rests in `NEEDS_ATTENTION`: its words go to Postgres, the workflow gets
 * their id. Resolves when the order is on its way.
 *
 * @throws {UnknownIdError} there is no such order.
 * @throws {RepairRefusedError} it cannot be sent on, or not to that pharmacy order.
 * @throws {TemporalUnavailableError} Temporal or every worker is away.
 */
export async function retryOrder(
  { database, temporal }: { database: Database; temporal: Client },
  orderId: string,
  request: RepairRequest,
): Promise<void> {
  const status = await readStatus(database, orderId);
  if (status !== 'NEEDS_ATTENTION') throw RepairRefusedError.inStatus(status);
  await withRepair(database, 'retry', orderId, request, async (repairId) => {
    const end = Date.now() + REST_LIMIT_MS;
    for (;;) {
      const refusal = await sendUpdate(temporal, orderId, repairId);
      if (refusal === undefined) return;
      if (refusal.code !== 'WRONG_STATUS' || Date.now() > end) throw refusal;
      await sleep(200);
    }
  });
}

/** Sends the update `retry`; returns the workflow's refusal. */
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
      const message = 'no workflow of this order is running; one is started again within minutes';
      return new RepairRefusedError('WORKFLOW_MISSING', message);
    }
    if (error instanceof WorkflowUpdateFailedError) {
      const { type, message } = rootOf(error);
      return new RepairRefusedError(type ?? 'REPAIR_FAILED', message);
    }
    throw new TemporalUnavailableError(
      `Temporal, or its workers, did not answer (${temporalCode(error)}); whether the order was sent on is not known, its timeline tells`,
    );
  }
}

/** The failure beneath those that the SDK wraps around it. */
function rootOf(error: WorkflowUpdateFailedError): {
  type?: string | null | undefined;
  message: string;
} {
  let cause: unknown = error.cause;
  while (cause instanceof Error && !(cause instanceof ApplicationFailure)) cause = cause.cause;
  return cause instanceof ApplicationFailure ? cause : { message: 'the update failed' };
}
