import path from 'node:path';
import { Connection, type ConnectionOptions } from '@temporalio/client';
import type { Environment } from '../src/process/config.ts';
import { SEARCH_ATTRIBUTES } from '../src/temporal/search-attributes.ts';
import type { Part } from './part.ts';

const DEFAULT_NAMESPACE = 'default';
const ANSWER_LIMIT_MS = 2_000;

/** Where the development server runs, and on what. */
export interface TemporalServerOptions {
  readonly binary: string;
  /** Keeps the workflows; made when it is missing. */
  readonly folder: string;
  readonly port: number;
  readonly uiPort: number;
  /** Where the UI has payloads decrypted. */
  readonly codecUrl: string;
  readonly namespace: string;
  readonly env: Environment;
}

/** Describes Temporal's development server, with its UI and its data on disk, as a part. */
export function temporalServer(options: TemporalServerOptions): Part {
  const names = Object.values(SEARCH_ATTRIBUTES).map((key) => key.name);
  const { binary, folder, port, uiPort, codecUrl, namespace, env } = options;
  return {
    name: 'temporal',
    command: binary,
    args: [
      'server',
      'start-dev',
      ...['--ip', '127.0.0.1'],
      ...['--port', String(port)],
      ...['--ui-port', String(uiPort)],
      ...['--ui-codec-endpoint', codecUrl],
      ...['--db-filename', path.join(folder, 'temporal.db')],
      ...['--log-level', 'warn'],
      ...(namespace === DEFAULT_NAMESPACE ? [] : ['--namespace', namespace]),
      ...names.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
      // Halves the wait for an activity (design, "Temporal, as measured and read").
      ...['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
      // No organization's burst holds up another's orders.
      ...['--dynamic-config-value', 'matching.enableFairness=true'],
      // Fairness is per partition, and a task on one that nobody polls just now waits for seconds.
      ...['--dynamic-config-value', 'matching.numTaskqueueReadPartitions=1'],
      ...['--dynamic-config-value', 'matching.numTaskqueueWritePartitions=1'],
    ],
    env,
    stopSignal: 'SIGTERM',
    stopLimitMs: 5_000,
    ready: () =>
      askTemporal({ address: `127.0.0.1:${port}` }, async (connection) => {
        const { customAttributes } = await connection.operatorService.listSearchAttributes({
          namespace,
        });
        if (!names.every((name) => customAttributes?.[name] !== undefined)) {
          throw new Error('search attributes are missing');
        }
        await connection.workflowService.describeNamespace({ namespace });
      }),
  };
}

/**
 * Resolves when a Temporal server knows a namespace; rejects with the connection's error.
 */
export async function requireNamespace(
  options: ConnectionOptions,
  namespace: string,
): Promise<void> {
  await askTemporal(options, (connection) =>
    connection.workflowService.describeNamespace({ namespace }),
  );
}

// A connection that failed stays failed, so each question has its own.
async function askTemporal(
  options: ConnectionOptions,
  ask: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  const connection = await Connection.connect({ ...options, connectTimeout: ANSWER_LIMIT_MS });
  try {
    await connection.withDeadline(Date.now() + ANSWER_LIMIT_MS, () => ask(connection));
  } finally {
    await connection.close();
  }
}
