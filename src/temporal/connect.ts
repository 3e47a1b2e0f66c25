import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { Log } from '../process/log.ts';
import { connectionProblem } from './connection-problem.ts';

/**
 * Connects to Temporal, and retries every second until it answers, so that a worker may start before
 * Temporal. Each attempt opens a fresh connection, because a failed one does not recover.
 *
 * @returns undefined if `signal` aborted first.
 */
export async function connectWhenUp(
  options: NativeConnectionOptions,
  log: Log,
  signal: AbortSignal,
): Promise<NativeConnection | undefined> {
  while (!signal.aborted) {
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      const { code, advice } = connectionProblem(error);
      log.warn(`waiting for Temporal: ${advice}`, { address: options.address ?? '', code });
      await sleep(1_000, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}
