import type { Client } from '@temporalio/client';
import type { Connection } from './context.ts';

/**
 * Connects to Temporal for one command. The Temporal client is imported here, because loading it would
 * slow down every other command.
 *
 * @throws {UsageError} the encryption keys, which decrypt workflow payloads, are not configured.
 */
export async function withTemporal<T>(
  { temporal, encryptionKeys }: Pick<Connection, 'temporal' | 'encryptionKeys'>,
  run: (client: Client) => Promise<T>,
): Promise<T> {
  const ring = encryptionKeys();
  const { Client, Connection } = await import('@temporalio/client');
  const { createDataConverter } = await import('../temporal/data-converter.ts');
  const { options, address, namespace } = temporal;
  const connection = Connection.lazy({ interceptors: [], ...options, address });
  try {
    const dataConverter = createDataConverter(ring);
    return await run(new Client({ connection, namespace, dataConverter }));
  } finally {
    await connection.close();
  }
}
