import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { Environment } from '../process/config.ts';

/**
 * How to reach Temporal, by its own variables (`TEMPORAL_ADDRESS`, `TEMPORAL_API_KEY`,
 * `TEMPORAL_TLS_*`; docs.temporal.io, "Environment configuration"), so that a worker runs against a
 * cluster or Temporal Cloud alike. Configuration files are not read.
 */
export function connectionOptions(env: Environment, address: string): NativeConnectionOptions {
  const set = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const loaded = loadClientConnectConfig({
    disableFile: true,
    overrideEnvVars: Object.fromEntries(set),
  });
  return { ...loaded.connectionOptions, address };
}
