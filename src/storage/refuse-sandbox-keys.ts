import type { Sql } from './database.ts';

/** Ids of the sandbox's API keys, in the order of its fixtures. The keys themselves are public. */
export const SANDBOX_KEY_IDS: readonly string[] = [1, 2, 3, 4].map(
  (n) => `0198a000-0000-7000-8000-00000000010${n}`,
);

/** The database accepts the sandbox's public API keys; `message` says what to do. */
export class SandboxDatabaseError extends Error {
  override readonly name = 'SandboxDatabaseError';
  readonly code = 'SANDBOX_DATABASE';

  constructor() {
    super(
      'this database accepts the sandbox’s API keys, which are public: use another database, or revoke the keys with rx key revoke',
    );
  }
}

/**
 * Keeps a production server from starting on a database with the sandbox's fixtures.
 *
 * @throws {SandboxDatabaseError} the database accepts one of the public keys.
 */
export async function refuseSandboxKeys(sql: Sql): Promise<void> {
  const rows = await sql`
    SELECT FROM api_keys WHERE id = ANY(${[...SANDBOX_KEY_IDS]}::uuid[]) AND revoked_at IS NULL`;
  if (rows.length > 0) throw new SandboxDatabaseError();
}
