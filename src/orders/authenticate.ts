import type { Sql } from '../storage/database.ts';
import { keyedHash, sameHash } from './keyed-hash.ts';

/** What a key may do; `docs` of each route name the one it needs. */
export type Scope = 'orders:write' | 'orders:read' | 'cases:write' | 'webhooks:manage';

/** An authenticated caller. */
export interface Caller {
  readonly organizationId: string;
  readonly scopes: readonly string[];
}

/**
 * Finds whose key this is. Keys are stored as keyed hashes only, looked up by the hash and compared
 * in constant time.
 *
 * @param hashSecret keys the hash.
 * @returns undefined for a key that is unknown, revoked or expired.
 */
export async function authenticate(
  sql: Sql,
  hashSecret: string,
  apiKey: string,
): Promise<Caller | undefined> {
  const hash = keyedHash(hashSecret, 'api-key', apiKey);
  const [row] = await sql<{ organizationId: string; scopes: string[]; keyHash: Buffer }[]>`
    SELECT organization_id, scopes, key_hash FROM api_keys
    WHERE key_hash = ${hash} AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > now())`;
  if (row === undefined || !sameHash(row.keyHash, hash)) return undefined;
  return { organizationId: row.organizationId, scopes: row.scopes };
}
