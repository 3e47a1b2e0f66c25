import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { keyedHash } from '../keys/keyed-hash.ts';
import { OperatorConflictError, UnknownIdError } from '../lib/operator-errors.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';
import type { Scope } from './authenticate.ts';
import { requireOrganization } from './organizations.ts';

/** All scopes that a key can have. */
export const SCOPES = [
  'orders:write',
  'orders:read',
  'cases:write',
  'webhooks:manage',
] as const satisfies readonly Scope[];

/** An API key as operators see it. The database stores only a hash of the secret. */
export interface ApiKey {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** null: the deployment's default applies. */
  readonly rateLimitPerSecond: number | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** The key that this one replaced in a rotation. */
  readonly replacesKeyId: string | null;
  readonly state: 'active' | 'expired' | 'revoked';
}

/** A new key with its secret, which cannot be read again later. */
export interface NewApiKey {
  readonly key: ApiKey;
  /** The value of the header `cv-api-key`. */
  readonly secret: string;
}

/** The properties of a new key. */
export interface ApiKeyRequest {
  readonly organizationId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  readonly rateLimitPerSecond: number | null;
}

/**
 * Creates a key with 256 random bits, and stores a keyed hash of it.
 *
 * @param hashSecret the deployment's hash secret: with another one the servers would not find the key.
 * @throws {UnknownIdError} the organization does not exist.
 */
export async function createApiKey(
  sql: Sql,
  hashSecret: string,
  request: ApiKeyRequest,
): Promise<NewApiKey> {
  await requireOrganization(sql, request.organizationId);
  return await insertKey(sql, hashSecret, { ...request, replacesKeyId: null });
}

/** Lists the keys of an organization, oldest first. @throws {UnknownIdError} */
export async function listApiKeys(sql: Sql, organizationId: string): Promise<ApiKey[]> {
  await requireOrganization(sql, organizationId);
  return await sql<ApiKey[]>`
    SELECT ${columns(sql)} FROM api_keys
    WHERE organization_id = ${organizationId} ORDER BY created_at, id`;
}

/**
 * Creates a key that replaces another one, with the same organization, name, scopes and rate limit. The
 * old key keeps working for a grace period, so that a backend can switch without an interruption.
 *
 * @param rotation.oldUntil when the old key expires, unless it expires earlier anyway.
 * @param rotation.expiresAt when the new key expires. null: never. undefined: after the same lifetime
 *   that the old key had.
 * @throws {UnknownIdError} the key does not exist.
 * @throws {OperatorConflictError} the key has expired or was revoked.
 */
export async function rotateApiKey(
  database: Database,
  hashSecret: string,
  keyId: string,
  rotation: { oldUntil: Date; expiresAt: Date | null | undefined },
): Promise<NewApiKey & { readonly old: ApiKey }> {
  if (!isUuid(keyId)) throw new UnknownIdError('key');
  return await inTransaction(database, async (tx) => {
    const [found] = await tx<(ApiKey & { renewedUntil: Date | null })[]>`
      SELECT ${columns(tx)}, now() + (expires_at - created_at) AS renewed_until
      FROM api_keys WHERE id = ${keyId} FOR UPDATE`;
    if (found === undefined) throw new UnknownIdError('key');
    if (found.state !== 'active') {
      throw new OperatorConflictError(`the key is ${found.state}: create a new one instead`);
    }
    const [old] = await tx<ApiKey[]>`
      UPDATE api_keys SET expires_at = least(expires_at, ${rotation.oldUntil})
      WHERE id = ${keyId} RETURNING ${columns(tx)}`;
    const created = await insertKey(tx, hashSecret, {
      ...found,
      expiresAt: rotation.expiresAt === undefined ? found.renewedUntil : rotation.expiresAt,
      replacesKeyId: found.id,
    });
    return { ...created, old: old ?? found };
  });
}

/** Revokes a key at once. Repeating it keeps the first time of revocation. @throws {UnknownIdError} */
export async function revokeApiKey(sql: Sql, keyId: string): Promise<ApiKey> {
  if (!isUuid(keyId)) throw new UnknownIdError('key');
  const [key] = await sql<ApiKey[]>`
    UPDATE api_keys SET revoked_at = coalesce(revoked_at, now())
    WHERE id = ${keyId} RETURNING ${columns(sql)}`;
  if (key === undefined) throw new UnknownIdError('key');
  return key;
}

async function insertKey(
  sql: Sql,
  hashSecret: string,
  key: Omit<ApiKeyRequest, 'scopes'> & {
    scopes: readonly string[];
    replacesKeyId: string | null;
  },
): Promise<NewApiKey> {
  // The prefix lets secret scanners recognize a leaked key.
  const secret = `rxk_${randomBytes(32).toString('base64url')}`;
  const rows = await sql<[ApiKey]>`
    INSERT INTO api_keys (
      id, organization_id, name, key_hash, scopes, expires_at, rate_limit_per_second,
      replaces_key_id)
    VALUES (${uuidv7()}, ${key.organizationId}, ${key.name},
      ${keyedHash(hashSecret, 'api-key', secret)}, ${[...key.scopes]}, ${key.expiresAt},
      ${key.rateLimitPerSecond}, ${key.replacesKeyId})
    RETURNING ${columns(sql)}`;
  return { key: rows[0], secret };
}

/** Selects the columns of {@link ApiKey} from `api_keys`, without the hash. */
function columns(sql: Sql) {
  return sql`
    id, organization_id, name, scopes, rate_limit_per_second, created_at, expires_at, revoked_at,
    replaces_key_id,
    CASE WHEN revoked_at IS NOT NULL THEN 'revoked'
      WHEN expires_at <= now() THEN 'expired' ELSE 'active' END AS state`;
}
