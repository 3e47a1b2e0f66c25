import type { Client } from '@temporalio/client';
import type { Connection } from './context.ts';

/** Connects to Temporal for one command. The client is loaded here: it makes a start late. */
export async function withTemporal<T>(
  { options, address, namespace }: Connection['temporal'],
  run: (client: Client) => Promise<T>,
): Promise<T> {
  const temporal = await import('@temporalio/client');
  const connection = temporal.Connection.lazy({ interceptors: [], ...options, address });
  try {
    return await run(new temporal.Client({ connection, namespace }));
  } finally {
    await connection.close();
  }
}
