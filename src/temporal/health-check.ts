import { Connection, type ConnectionOptions } from '@temporalio/client';

/** Longest that a health check waits for Temporal, in milliseconds. */
const PATIENCE_MS = 1_500;

/**
 * Makes a check that resolves when Temporal answers. The connection is kept while it works; one
 * that failed is replaced, because a failed connection stays failed.
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
        await current.withDeadline(Date.now() + PATIENCE_MS, () =>
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
