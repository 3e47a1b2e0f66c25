import type { NativeConnection } from '@temporalio/worker';
import { runPeriodically } from '../lib/run-periodically.ts';
import type { Log } from '../process/log.ts';
import { temporalCode } from './call-with-timeout.ts';

/** How often Temporal is called, and how long it may take to answer, in milliseconds. */
const EVERY_MS = 5_000;

/** Knows when Temporal answered last. */
export interface TemporalWatch {
  /** In milliseconds since the epoch; at first the time of the start. */
  answeredAt(): number;
  stop(): Promise<void>;
}

/**
 * Calls Temporal every five seconds: the SDK's worker keeps the state `RUNNING` and retries silently while Temporal is
 * away.
 */
export function watchTemporal(connection: NativeConnection, log: Log): TemporalWatch {
  let answeredAt = Date.now();
  const task = runPeriodically({
    everyMs: EVERY_MS,
    async round() {
      await connection.withDeadline(Date.now() + EVERY_MS, () =>
        connection.workflowService.getSystemInfo({}),
      );
      answeredAt = Date.now();
      return false;
    },
    onError: (error) => log.warn('Temporal does not answer', { code: temporalCode(error) }),
  });
  return { answeredAt: () => answeredAt, stop: () => task.stop() };
}
