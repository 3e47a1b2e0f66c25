import { keyedHash, sameHash } from '../keys/keyed-hash.ts';
import type { Sql } from '../storage/database.ts';
import type { Allotments, Lease, RateLimit, RateState } from './rate-limit.ts';

/** A permission of an API key. Each route requires one. */
export type Scope = 'orders:write' | 'orders:read' | 'cases:write' | 'webhooks:manage';

/** An authenticated caller. */
export interface Caller {
  readonly keyId: string;
  readonly organizationId: string;
  readonly scopes: readonly string[];
  /** The key's rate limit, of which this request has used one token. */
  readonly rateLimit: {
    state(): RateState;
    /** See {@link Allotments.refuseOwing}. */
    refuseOwing(): void;
    /** See {@link Allotments.charge}. */
    charge(tokens: number): void;
  };
}

/**
 * Authenticates an API key and counts one request against its rate limit. The database stores keyed
 * hashes; this function looks the key up by its hash and compares the hashes in constant time.
 *
 * @param hashSecret the secret of the keyed hash.
 * @param rateLimit the default limit; a key may have its own rate.
 * @param allotments the tokens that this process has leased.
 * @returns undefined if the key is unknown, revoked or expired.
 * @throws {RateLimitedError} the key has used up its rate limit.
 */
export async function authenticate(
  sql: Sql,
  { hashSecret, rateLimit }: { readonly hashSecret: string; readonly rateLimit: RateLimit },
  allotments: Allotments,
  apiKey: string,
): Promise<Caller | undefined> {
  const hash = keyedHash(hashSecret, 'api-key', apiKey);
  const id = hash.toString('base64');
  const owed = allotments.take(id);
  const leases = owed !== undefined;
  const { perSecond, burstSeconds } = rateLimit;
  const [row] = await sql<KeyRow[]>`
    WITH key AS (
      SELECT id, organization_id, scopes, key_hash,
        coalesce(rate_limit_per_second, ${perSecond})::double precision AS per_second
      FROM api_keys
      WHERE key_hash = ${hash} AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > now())
    )
    ${leases ? leaseOf(sql, burstSeconds, owed) : sql``}
    SELECT id AS key_id, organization_id, scopes, key_hash, per_second,
      ${leases ? sql`(SELECT granted FROM lease) AS granted, (SELECT tokens FROM lease) AS tokens` : sql`NULL AS granted, NULL AS tokens`}
    FROM key`;
  if (row === undefined || !sameHash(row.keyHash, hash)) return undefined;
  const { keyId, organizationId, scopes, granted, tokens, perSecond: own } = row;
  if (granted !== null && tokens !== null) {
    allotments.add(id, { granted, tokens, perSecond: own });
  }
  const full = { burst: own * burstSeconds, remaining: own * burstSeconds, perSecond: own };
  return {
    keyId,
    organizationId,
    scopes,
    rateLimit: {
      state: () => allotments.state(id) ?? full,
      refuseOwing: () => allotments.refuseOwing(id),
      charge: (amount) => allotments.charge(id, amount),
    },
  };
}

/**
 * Leases tokens from the key's bucket: those of a tenth of a second, at least one, and the tokens that the
 * key owes, as far as the bucket holds them. `excluded` describes a full bucket after the lease; the update takes the rate, the size of
 * the lease and the capacity of the bucket from it.
 */
function leaseOf(sql: Sql, burstSeconds: number, owed: number) {
  const held = sql`
    least(excluded.tokens + excluded.granted, bucket.tokens + excluded.per_second
      * greatest(0, extract(epoch FROM excluded.refilled_at - bucket.refilled_at)))`;
  return sql`, lease AS (
      INSERT INTO rate_buckets AS bucket (api_key_id, tokens, granted, per_second, refilled_at)
      SELECT id, greatest(1, per_second * ${burstSeconds}) - wanted, wanted, per_second,
        clock_timestamp()
      FROM key, least(greatest(1, per_second * ${burstSeconds}),
        greatest(1, ceil(per_second / 10)) + ${owed}::double precision) AS wanted
      ON CONFLICT (api_key_id) DO UPDATE SET
        granted = least(excluded.granted, floor(${held})),
        tokens = ${held} - least(excluded.granted, floor(${held})),
        per_second = excluded.per_second,
        refilled_at = excluded.refilled_at
      RETURNING granted, tokens
    )`;
}

interface KeyRow extends Omit<Lease, 'granted' | 'tokens'> {
  keyId: string;
  organizationId: string;
  scopes: string[];
  keyHash: Buffer;
  granted: number | null;
  tokens: number | null;
}
