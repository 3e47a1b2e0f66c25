import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../lib/safe-error.ts';
import type { Log } from '../process/log.ts';
import { type Sql, withTimeout } from './database.ts';
import { logEpoch, renewEpoch } from './epoch.ts';
import { missingMigrations, requireKnownSchema } from './migrate.ts';
import { requirePostgresVersion } from './postgres-version.ts';

const CHECK_EVERY_MS = 1_000;

/** The schema of the database is older than this program; `message` says which migrations are missing. */
class SchemaOutdatedError extends Error {
  override readonly name = 'SchemaOutdatedError';
  readonly code = 'SCHEMA_OUTDATED';

  constructor(missing: readonly string[]) {
    super(`the database lacks migrations, run migrate first: ${missing.join(' ')}`);
  }
}

/**
 * Creates the check that a database has the schema that this program needs. It queries until the schema is
 * current once: a schema never goes back while programs use it.
 *
 * @returns a function that resolves when the schema is current.
 *   It throws a {@link SchemaOutdatedError}, a {@link SchemaTooNewError} or a {@link PostgresTooOldError} otherwise, and
 *   the driver's error while Postgres is unreachable.
 */
export function createSchemaCheck(sql: Sql, log: Log): () => Promise<void> {
  let isCurrent = false;
  return async () => {
    if (isCurrent) return;
    await withTimeout(requirePostgresVersion(sql));
    await withTimeout(requireKnownSchema(sql));
    const missing = await withTimeout(missingMigrations(sql));
    if (missing.length > 0) throw new SchemaOutdatedError(missing);
    // Before the first row of this program: its position must not be lower than those of a restored database.
    logEpoch(log, await withTimeout(renewEpoch(sql)));
    isCurrent = true;
  };
}

/**
 * Waits until Postgres answers and the schema is current, so that a program may start before both. Logs what it waits
 * for, once for each reason.
 *
 * @returns false if `signal` aborted first.
 * @throws {PostgresTooOldError} waiting cannot help.
 * @throws {SchemaTooNewError} the same.
 */
export async function schemaWhenCurrent(sql: Sql, log: Log, signal: AbortSignal): Promise<boolean> {
  const check = createSchemaCheck(sql, log);
  let logged: string | undefined;
  while (!signal.aborted) {
    try {
      await check();
      return true;
    } catch (error) {
      const code = codeOf(error);
      if (code === 'POSTGRES_TOO_OLD' || code === 'SCHEMA_TOO_NEW') throw error;
      if (code !== logged) {
        const isOutdated = error instanceof SchemaOutdatedError;
        log.warn(isOutdated ? error.message : 'waiting for Postgres', { code });
      }
      logged = code;
      await sleep(CHECK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  return false;
}
