import { keyedHash } from '../keys/keyed-hash.ts';
import { shareResult } from '../lib/share-result.ts';
import { type Database, withTimeout } from '../storage/database.ts';

/** Recognizes valid API keys without a query for each one. */
export interface KnownKeys {
  /**
   * Whether an API key is valid, as far as it was known a moment ago. Authenticate the key all the same:
   * it may have been revoked since.
   */
  has(apiKey: string): Promise<boolean>;
}

/** The least time between two reads of the table, in milliseconds. A new key is known after it at the latest. */
const READ_EVERY_MS = 1_000;
/** The length of a key's hash, HMAC-SHA256. */
const HASH_BYTES = 32;

/**
 * Creates the set of valid API keys. It holds their hashes in memory and reads them again, at most once a
 * second, when somebody presents a key that it does not have. Thousands of guesses thus cost one query.
 *
 * @param hashSecret the key of the hashes.
 */
export function createKnownKeys(database: Database, hashSecret: string): KnownKeys {
  let known: ReadonlySet<string> = new Set();
  const read = shareResult(READ_EVERY_MS, async () => {
    const [row] = await withTimeout(database<{ hashes: Buffer | null }[]>`
      SELECT string_agg(key_hash, ''::bytea) AS hashes FROM api_keys
      WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`);
    known = hashesIn(row?.hashes ?? Buffer.alloc(0));
  });
  return {
    async has(apiKey) {
      const hash = keyedHash(hashSecret, 'api-key', apiKey).toString('base64');
      if (known.has(hash)) return true;
      await read();
      return known.has(hash);
    },
  };
}

function hashesIn(bytes: Buffer): ReadonlySet<string> {
  const count = Math.floor(bytes.length / HASH_BYTES);
  return new Set(
    Array.from({ length: count }, (_, index) =>
      bytes.toString('base64', index * HASH_BYTES, (index + 1) * HASH_BYTES),
    ),
  );
}
