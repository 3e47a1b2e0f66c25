import type { Sql } from './database.ts';
import { SANDBOX_KEY_IDS } from './sandbox-fixtures.ts';

/** A database that the world has the keys to; `message` says what helps. */
export class SandboxDatabaseError extends Error {
  override readonly name = 'SandboxDatabaseError';
  readonly code = 'SANDBOX_DATABASE';

  constructor() {
    super(
      'this database has the sandbox’s API keys, which everybody knows: use another one, or revoke them with rx key revoke',
    );
  }
}

/**
 * Keeps a server that is none of the sandbox's from serving the sandbox's fixtures.
 *
 * @throws {SandboxDatabaseError} one of the published keys opens something in this database.
 */
export async function refuseSandboxKeys(sql: Sql): Promise<void> {
  const rows = await sql`
    SELECT FROM api_keys WHERE id = ANY(${[...SANDBOX_KEY_IDS]}::uuid[]) AND revoked_at IS NULL`;
  if (rows.length > 0) throw new SandboxDatabaseError();
}
