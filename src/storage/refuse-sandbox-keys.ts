/** Ids of the sandbox's API keys, in the order of its fixtures. The keys themselves are published. */
export const SANDBOX_KEY_IDS: readonly string[] = [1, 2, 3, 4].map(
  (n) => `0198a000-0000-7000-8000-00000000010${n}`,
);

import type { Sql } from './database.ts';

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
