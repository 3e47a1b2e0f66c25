import type { Sql } from './database.ts';

/** The oldest major version on which the migrations and statements run: 14 lacks `NULLS NOT DISTINCT`. */
const OLDEST_VERSION = 15;

/** The version of Postgres is too old; `message` names both versions. */
class PostgresTooOldError extends Error {
  override readonly name = 'PostgresTooOldError';
  readonly code = 'POSTGRES_TOO_OLD';

  constructor(version: number) {
    super(`the server is Postgres ${version}; rx-orders needs Postgres ${OLDEST_VERSION} or later`);
  }
}

/** @throws {PostgresTooOldError} the server is older than Postgres 15. */
export async function requirePostgresVersion(sql: Sql): Promise<void> {
  const [row] = await sql<{ number: number }[]>`
    SELECT current_setting('server_version_num')::int AS number`;
  const version = Math.floor((row?.number ?? 0) / 10_000);
  if (version < OLDEST_VERSION) throw new PostgresTooOldError(version);
}
