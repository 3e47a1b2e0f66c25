import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { keyedHash } from '../keys/keyed-hash.ts';
import { OperatorConflictError, UnknownIdError } from '../lib/operator-errors.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';
import type { Scope } from './authenticate.ts';
import { requireOrganization } from './organizations.ts';

/** Every scope that a key can have. */
export const SCOPES = [
  'orders:write',
  'orders:read',
  'cases:write',
  'webhooks:manage',
] as const satisfies readonly Scope[];

/** A key as operators see it; of the key itself only a hash is stored. */
export interface ApiKey {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** null: the deployment's default. */
  readonly rateLimitPerSecond: number | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** The key whose place this one took. */
  readonly replacesKeyId: string | null;
  readonly state: 'active' | 'expired' | 'revoked';
}

/** A key with its secret text, which is nowhere else. */
export interface NewApiKey {
  readonly key: ApiKey;
  /** What a backend sends as `cv-api-key`. */
  readonly secret: string;
}

/** What a new key is to be. */
export interface ApiKeyRequest {
  readonly organizationId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  readonly rateLimitPerSecond: number | null;
}

/**
 * Creates a key of 256 random bits; it is stored as a keyed hash alone.
 *
 * @param hashSecret the deployment's: under another one the servers would not know the key.
 * @throws {UnknownIdError} there is no such organization.
 */
export async function createApiKey(
  sql: Sql,
  hashSecret: string,
  request: ApiKeyRequest,
): Promise<NewApiKey> {
  await requireOrganization(sql, request.organizationId);
  return await insertKey(sql, hashSecret, { ...request, replacesKeyId: null });
}

/** The keys of an organization, oldest first. @throws {UnknownIdError} */
export async function listApiKeys(sql: Sql, organizationId: string): Promise<ApiKey[]> {
  await requireOrganization(sql, organizationId);
  return await sql<ApiKey[]>`
    SELECT ${columns(sql)} FROM api_keys
    WHERE organization_id = ${organizationId} ORDER BY created_at, id`;
}

/**
 * Replaces a key by a new one of the same organization, name, scopes and rate limit. The old one goes
 * on working until a time, so that a backend can be changed over without a gap.
 *
 * @param rotation.oldUntil when the old key ends; one that would end earlier still does.
 * @param rotation.expiresAt when the new key ends; null: never; undefined: it gets as long a life as
 *   the old key was given.
 * @throws {UnknownIdError} there is no such key.
 * @throws {OperatorConflictError} the key opens nothing any more.
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

/** Ends a key at once. Safe to repeat: the first time stands. @throws {UnknownIdError} */
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
  // The prefix lets scanners of source code recognize a key that leaked.
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

/** Of a row of `api_keys`; the hash stays where it is. */
function columns(sql: Sql) {
  return sql`
    id, organization_id, name, scopes, rate_limit_per_second, created_at, expires_at, revoked_at,
    replaces_key_id,
    CASE WHEN revoked_at IS NOT NULL THEN 'revoked'
      WHEN expires_at <= now() THEN 'expired' ELSE 'active' END AS state`;
}
