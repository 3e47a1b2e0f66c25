import type { Database } from '../storage/database.ts';

/** An API key as the database has it. */
export interface ApiKey {
  readonly keyId: string;
  readonly organizationId: string;
  readonly scopes: readonly string[];
  readonly perSecond: number;
  /** How long the key is still valid, in milliseconds; null for a key that does not expire. */
  readonly expiresInMs: number | null;
}

/** The API keys that this process has read within the last second, by the hash of the key. */
export interface KeyCache {
  find(hash: string): ApiKey | undefined;
  /**
   * Reads a key and keeps it, unless keys have changed meanwhile.
   *
   * @param load reads the key from the database.
   */
  load<Key extends ApiKey>(
    hash: string,
    load: () => Promise<Key | undefined>,
  ): Promise<Key | undefined>;
}

/** How long a key is kept. A revoked key is refused after this time, even if its notification was lost. */
const KEPT_MS = 1_000;
/** Beyond so many keys, all are read again. */
const MAX_KEYS = 10_000;

/**
 * Creates the cache. Postgres notifies it of every change of a key (migration 0024), so that a revocation
 * takes effect within milliseconds.
 *
 * @param now a monotonic clock in milliseconds.
 */
export function createKeyCache(
  database: Database,
  now: () => number = () => performance.now(),
): KeyCache {
  const kept = new Map<string, { readonly key: ApiKey; readonly until: number }>();
  let changes = 0;

  function forget(): void {
    changes += 1;
    kept.clear();
  }
  // Also after each new connection, because a notification may have been lost with the previous one. If it
  // fails, the time limit still holds.
  database.listen('api_keys', forget, forget).catch(() => undefined);

  return {
    find(hash) {
      const found = kept.get(hash);
      return found !== undefined && now() < found.until ? found.key : undefined;
    },
    async load(hash, load) {
      const [readAt, seen] = [now(), changes];
      const key = await load();
      if (key === undefined || seen !== changes) return key;
      if (kept.size >= MAX_KEYS) kept.clear();
      const forMs = Math.min(KEPT_MS, key.expiresInMs ?? KEPT_MS);
      kept.set(hash, { key, until: readAt + forMs });
      return key;
    },
  };
}
