import path from 'node:path';
import { Connection, type ConnectionOptions } from '@temporalio/client';
import type { Environment } from '../src/process/config.ts';
import {
  addSearchAttributes,
  findSearchAttributeGaps,
} from '../src/temporal/register-search-attributes.ts';
import { SEARCH_ATTRIBUTE_NAMES } from '../src/temporal/search-attributes.ts';
import type { Part } from './part.ts';

const DEFAULT_NAMESPACE = 'default';
const ANSWER_LIMIT_MS = 2_000;

/** The options of {@link temporalServer}. */
export interface TemporalServerOptions {
  readonly binary: string;
  /** Stores the workflows; created when it is missing. */
  readonly folder: string;
  readonly port: number;
  readonly uiPort: number;
  /** The codec server, with which the UI decrypts payloads. */
  readonly codecUrl: string;
  readonly namespace: string;
  readonly env: Environment;
}

/** Describes Temporal's development server, with its UI and with its data on disk, as a part. */
export function temporalServer(options: TemporalServerOptions): Part {
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
      // Without these, each of its many transactions waits for the disk three times, which bounds the whole stack
      // (measured: 40 transactions a second). A killed server loses nothing; a machine that loses power may lose
      // the last moments, and then the reconciler restarts their orders.
      ...['--sqlite-pragma', 'journal_mode=wal'],
      ...['--sqlite-pragma', 'synchronous=normal'],
      ...['--log-level', 'warn'],
      ...(namespace === DEFAULT_NAMESPACE ? [] : ['--namespace', namespace]),
      ...SEARCH_ATTRIBUTE_NAMES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
      // Halves the latency of an activity (measured).
      ...['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
      // A burst of one organization does not delay the orders of others.
      ...['--dynamic-config-value', 'matching.enableFairness=true'],
      // Fairness works per partition, and a task on a partition without a poller waits for seconds.
      ...['--dynamic-config-value', 'matching.numTaskqueueReadPartitions=1'],
      ...['--dynamic-config-value', 'matching.numTaskqueueWritePartitions=1'],
    ],
    env,
    stopSignal: 'SIGTERM',
    stopLimitMs: 5_000,
    ready: () =>
      queryTemporal({ address: `127.0.0.1:${port}` }, async (connection) => {
        const { missing } = await findSearchAttributeGaps(connection, namespace);
        if (missing.length > 0) {
          // The options above have no effect on a data folder of an earlier version.
          await addSearchAttributes(connection, namespace, missing);
          throw new Error('search attributes are missing');
        }
        await connection.workflowService.describeNamespace({ namespace });
      }),
  };
}

/** Checks that a Temporal server answers and has a namespace; rejects with the connection's error. */
export async function requireNamespace(
  options: ConnectionOptions,
  namespace: string,
): Promise<void> {
  await queryTemporal(options, (connection) =>
    connection.workflowService.describeNamespace({ namespace }),
  );
}

// A connection that failed once stays failed, so each query opens its own.
async function queryTemporal(
  options: ConnectionOptions,
  query: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  const connection = await Connection.connect({ ...options, connectTimeout: ANSWER_LIMIT_MS });
  try {
    await connection.withDeadline(Date.now() + ANSWER_LIMIT_MS, () => query(connection));
  } finally {
    await connection.close();
  }
}
