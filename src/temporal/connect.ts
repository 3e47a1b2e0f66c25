import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions, TransportError } from '@temporalio/worker';
import type { Log } from '../process/log.ts';
import { grpcStatus } from './call-with-timeout.ts';
import { connectionProblem } from './connection-problem.ts';

/** What was started on a connection to Temporal. */
export interface Started<T> {
  readonly connection: NativeConnection;
  readonly started: T;
}

/**
 * Connects to Temporal and starts something on the connection. It retries every second until Temporal answers, so
 * that a worker may start before Temporal, and while Temporal stops or lacks the namespace. Each attempt opens a fresh
 * connection: a failed one does not recover, and the SDK refuses a second worker on one whose first worker failed.
 *
 * @param start must release what it started before it rejects.
 * @returns undefined if `signal` aborted first.
 * @throws the error of `start`, if it is not one of Temporal.
 */
export async function startWhenUp<T>(
  options: NativeConnectionOptions,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
  start: (connection: NativeConnection) => Promise<T>,
): Promise<Started<T> | undefined> {
  while (!signal.aborted) {
    let connection: NativeConnection | undefined;
    try {
      connection = await NativeConnection.connect(options);
      return { connection, started: await start(connection) };
    } catch (error) {
      await connection?.close().catch(() => undefined);
      if (connection !== undefined && !isOfTemporal(error)) throw error;
      const { code, advice } = connectionProblem(error);
      log.warn(`waiting for Temporal: ${advice}`, { address: options.address ?? '', code });
      await sleep(1_000, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

/** Whether a call to Temporal failed, by the SDK's worker or by a client. */
function isOfTemporal(error: unknown): boolean {
  return error instanceof TransportError || grpcStatus(error) !== undefined;
}
