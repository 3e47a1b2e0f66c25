import { Connection, type ConnectionOptions } from '@temporalio/client';
import { createCommand, findSearchAttributeGaps, isRefusal } from './register-search-attributes.ts';

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

/**
 * Checks that Temporal answers and that orders can start in a namespace.
 *
 * @returns what is wrong with the namespace and how to correct it; undefined if nothing is, or if the caller may
 *   not list its search attributes.
 * @throws {ServiceError} Temporal does not answer, or has no such namespace.
 */
export async function checkNamespace(
  options: ConnectionOptions,
  namespace: string,
): Promise<string | undefined> {
  const connection = Connection.lazy(options);
  try {
    const { missing, mistyped } = await connection.withDeadline(Date.now() + TIMEOUT_MS, () =>
      findSearchAttributeGaps(connection, namespace),
    );
    if (missing.length > 0) {
      return `namespace ${namespace} lacks the search attributes ${missing.join(', ')}; create them: ${createCommand(namespace, missing)}`;
    }
    if (mistyped.length > 0) {
      return `namespace ${namespace} has search attributes of another type than Keyword: ${mistyped.join(', ')}`;
    }
    return undefined;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  } finally {
    await connection.close();
  }
}
