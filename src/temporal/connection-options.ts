import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { Environment } from '../process/config.ts';
import { readSecretFiles } from '../process/secret-files.ts';

/**
 * Reads the options of a connection from Temporal's own variables (`TEMPORAL_ADDRESS`,
 * `TEMPORAL_API_KEY`, `TEMPORAL_TLS_*`; docs.temporal.io, "Environment configuration"). The same
 * variables work for a self-hosted cluster and for Temporal Cloud. The API key may come from a file
 * (`TEMPORAL_API_KEY_FILE`). Temporal's configuration files are not read.
 *
 * @param address overrides `TEMPORAL_ADDRESS`.
 * @throws {ConfigError} the file of the API key cannot be read or is empty.
 */
export function connectionOptions(env: Environment, address: string): NativeConnectionOptions {
  const set = Object.entries(readSecretFiles(env)).filter((entry): entry is [string, string] =>
    Boolean(entry[1]),
  );
  const loaded = loadClientConnectConfig({
    disableFile: true,
    overrideEnvVars: Object.fromEntries(set),
  });
  return { ...loaded.connectionOptions, address };
}
