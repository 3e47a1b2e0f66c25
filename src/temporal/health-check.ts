import { Connection, type ConnectionOptions } from '@temporalio/client';

/** How long a health check waits for Temporal, in milliseconds. */
const TIMEOUT_MS = 1_500;

/**
 * Creates a health check that resolves when Temporal answers. The check keeps its connection while it
 * works. After a failure it opens another one, because a failed connection does not recover.
 */
export function createTemporalCheck(options: ConnectionOptions): {
  check(): Promise<void>;
  close(): Promise<void>;
} {
  let connection: Connection | undefined;
  return {
    async check() {
      connection ??= Connection.lazy(options);
      const current = connection;
      try {
        await current.withDeadline(Date.now() + TIMEOUT_MS, () =>
          current.workflowService.getSystemInfo({}),
        );
      } catch (error) {
        if (connection === current) connection = undefined;
        await current.close().catch(() => undefined);
        throw error;
      }
    },
    async close() {
      await connection?.close();
    },
  };
}
