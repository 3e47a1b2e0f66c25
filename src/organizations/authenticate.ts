import { keyedHash, sameHash } from '../keys/keyed-hash.ts';
import type { Database, Sql } from '../storage/database.ts';
import { createNotifiedCache } from '../storage/notified-cache.ts';
import { createAllotments, type RateLimit, type RateState } from './rate-limit.ts';

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
    /** See `Allotments.refuseOwing`. */
    refuseOwing(): void;
    /** See `Allotments.charge`. */
    charge(tokens: number): void;
  };
}

/** Finds the owner of an API key; see {@link createAuthentication}. */
export type Authenticate = (apiKey: string) => Caller | Promise<Caller | undefined>;

/**
 * Creates the function that authenticates an API key and counts one request against its rate limit. The
 * database stores keyed hashes; the function looks the key up by its hash. A key that was read within the
 * last second, and whose tokens this process has leased, needs no query; the owner is then returned at once.
 *
 * The function returns undefined if the key is unknown, revoked or expired, and throws
 * {@link RateLimitedError} if the key has used up its rate limit.
 *
 * @param settings.hashSecret the secret of the keyed hash.
 * @param settings.rateLimit the default limit; a key may have its own rate.
 */
export function createAuthentication(
  database: Database,
  { hashSecret, rateLimit }: { readonly hashSecret: string; readonly rateLimit: RateLimit },
): Authenticate {
  const allotments = createAllotments(rateLimit);
  // Notified by migration 0028.
  const cache = createNotifiedCache<ApiKey>(database, 'api_keys', {
    keptMs: ({ expiresInMs }) => expiresInMs ?? Infinity,
  });
  const { burstSeconds } = rateLimit;

  function callerOf(hash: string, { keyId, organizationId, scopes, perSecond }: ApiKey): Caller {
    const full = {
      burst: perSecond * burstSeconds,
      remaining: perSecond * burstSeconds,
      perSecond,
    };
    return {
      ...{ keyId, organizationId, scopes },
      rateLimit: {
        state: () => allotments.state(hash) ?? full,
        refuseOwing: () => allotments.refuseOwing(hash),
        charge: (amount) => allotments.charge(hash, amount),
      },
    };
  }

  async function load(
    bytes: Buffer,
    hash: string,
    owed: number | undefined,
  ): Promise<Caller | undefined> {
    const row = await cache.load(hash, () => readKey(database, bytes, rateLimit, owed));
    if (row === undefined) return undefined;
    const { granted, tokens, perSecond } = row;
    if (granted !== null && tokens !== null) {
      allotments.add(hash, { granted, tokens, perSecond });
    }
    return callerOf(hash, row);
  }

  return (apiKey) => {
    const bytes = keyedHash(hashSecret, 'api-key', apiKey);
    const hash = bytes.toString('base64');
    const owed = allotments.take(hash);
    const kept = owed === undefined ? cache.find(hash) : undefined;
    return kept === undefined ? load(bytes, hash, owed) : callerOf(hash, kept);
  };
}

/**
 * Reads a key that is valid, and leases tokens for it.
 *
 * @param owed the tokens that the key owes; undefined when no lease is needed.
 */
async function readKey(
  sql: Sql,
  hash: Buffer,
  { perSecond, burstSeconds }: RateLimit,
  owed: number | undefined,
): Promise<KeyRow | undefined> {
  const leases = owed !== undefined;
  const [row] = await sql<(KeyRow & { keyHash: Buffer })[]>`
    WITH key AS (
      SELECT id, organization_id, scopes, key_hash, expires_at,
        coalesce(rate_limit_per_second, ${perSecond})::double precision AS per_second
      FROM api_keys
      WHERE key_hash = ${hash} AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > now())
    )
    ${leases ? leaseOf(sql, burstSeconds, owed) : sql``}
    SELECT id AS key_id, organization_id, scopes, key_hash, per_second,
      (extract(epoch FROM expires_at - now()) * 1000)::double precision AS expires_in_ms,
      ${leases ? sql`(SELECT granted FROM lease) AS granted, (SELECT tokens FROM lease) AS tokens` : sql`NULL AS granted, NULL AS tokens`}
    FROM key`;
  // Compared in constant time: the index found the row by comparing bytes.
  return row !== undefined && sameHash(row.keyHash, hash) ? row : undefined;
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

/** An API key as the database has it. */
interface ApiKey {
  readonly keyId: string;
  readonly organizationId: string;
  readonly scopes: readonly string[];
  readonly perSecond: number;
  /** How long the key is still valid, in milliseconds; null for a key that does not expire. */
  readonly expiresInMs: number | null;
}

interface KeyRow extends ApiKey {
  /** As in {@link Lease}; null when no tokens were leased. */
  readonly granted: number | null;
  readonly tokens: number | null;
}
