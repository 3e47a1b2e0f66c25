import postgres from 'postgres';
import { createKeys, type Keys } from '../keys/data-keys.ts';
import type { KeyProvider } from '../keys/key-provider.ts';
import { dataKeyTable } from './data-key-table.ts';
import { measurePool, type PoolUsage } from './pool-usage.ts';
import { postgresTls } from './postgres-tls.ts';

/** The keys that seal and open rows of a database. */
export interface WithKeys {
  readonly keys: Keys;
}

/** A transaction of a {@link Database}. */
export type Transaction = postgres.TransactionSql & WithKeys;

/** A connection pool; `end()` closes it. */
export type Database = postgres.Sql & WithKeys & { usage(): PoolUsage };

/** A connection pool or a transaction: every function that runs SQL takes one of them. */
export type Sql = (postgres.Sql & WithKeys) | Transaction;

/** Options of {@link openDatabase}. */
export interface DatabaseOptions {
  /**
   * Wraps the keys of patient data and secrets. Without it, every call that seals or opens such data
   * fails with {@link NoKeysError}.
   */
  readonly keys?: KeyProvider;
  /** The deployment's `HASH_SECRET`. Without it, a parcel cannot be stored. */
  readonly hashSecret?: string | undefined;
  /**
   * `statement_timeout`, in milliseconds. The default is shorter than {@link withTimeout} waits, so
   * that Postgres has cancelled a statement before its caller gets an error.
   */
  readonly statementLimitMs?: number;
  /** Postgres settings of each connection; see `connectionScope`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Opens a connection pool to Postgres. The pool connects when the first query needs a connection.
 * While Postgres is unreachable, each query fails within about two seconds; the pool reconnects
 * automatically.
 *
 * @param url `postgres://…`; {@link postgresTls} describes `sslmode` and `sslrootcert`.
 * @param poolSize maximum number of connections.
 */
export function openDatabase(
  url: string,
  poolSize: number,
  { keys, hashSecret, statementLimitMs = STATEMENT_LIMIT_MS, settings = {} }: DatabaseOptions = {},
): Database {
  const { pool, usage } = measurePool(
    openPool(url, poolSize, statementLimitMs, settings),
    poolSize,
  );
  // Keys have a separate connection, opened when needed: transactions that wait for a key hold their
  // connections, and could otherwise use up the pool that loads the key.
  const keyPool = openPool(url, 1, STATEMENT_LIMIT_MS, settings);
  const endPool = pool.end.bind(pool);
  return Object.assign(pool, {
    keys: createKeys(keys ?? NO_KEYS, dataKeyTable(keyPool), hashSecret),
    usage,
    end: async (options?: { timeout?: number }) => {
      await Promise.all([endPool(options), keyPool.end(options)]);
    },
  });
}

/** No encryption keys were configured for this database. */
export class NoKeysError extends Error {
  override readonly name = 'NoKeysError';
  readonly code = 'ENCRYPTION_KEYS_NOT_SET';
}

const NO_KEYS: KeyProvider = {
  keyIds: [],
  wrap: () => Promise.reject(new NoKeysError()),
  unwrap: () => Promise.reject(new NoKeysError()),
};

function openPool(
  url: string,
  poolSize: number,
  statementLimitMs: number,
  settings: Readonly<Record<string, string>>,
): postgres.Sql {
  const address = postgresTls(url);
  return postgres(address.url, {
    ...(address.ssl === undefined ? {} : { ssl: address.ssl }),
    max: poolSize,
    connect_timeout: 2, // seconds
    idle_timeout: 60,
    // Seconds. The library's own backoff grows to 20 s, far longer than a request may wait for its 503.
    backoff: () => 0.2,
    // On each new connection the library would query the types of arrays and await the result nowhere:
    // a connection that breaks during that query would end the process.
    fetch_types: false,
    types: {
      texts: { to: 1009, from: [1009], serialize: writeTextArray, parse: readTextArray },
      integers: {
        to: 1007,
        from: [1007],
        serialize: (numbers: readonly number[]) => writeTextArray(numbers.map(String)),
        parse: (literal: string) => readTextArray(literal).map(Number),
      },
      uuids: { to: 2951, from: [2951], serialize: writeTextArray, parse: readTextArray },
    },
    transform: { column: { from: postgres.toCamel } },
    onnotice: () => {},
    connection: {
      ...settings,
      application_name: 'rx-orders',
      // All three are in milliseconds.
      statement_timeout: statementLimitMs,
      lock_timeout: 1_000,
      idle_in_transaction_session_timeout: 15_000,
    },
  });
}

/**
 * Writes an array of texts as a Postgres literal (documentation, 8.15.6, "Array Input and Output
 * Syntax"). A null becomes NULL.
 */
export function writeTextArray(texts: readonly (string | null)[]): string {
  const quoted = texts.map((text) =>
    text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`,
  );
  return `{${quoted.join(',')}}`;
}

/** Reads a Postgres literal of a one-dimensional array without NULLs. */
export function readTextArray(literal: string): string[] {
  const items = literal.slice(1, -1).match(/"(?:[^"\\]|\\.)*"|[^,]+/gs) ?? [];
  return items.map((item) =>
    item.startsWith('"') ? item.slice(1, -1).replace(/\\(.)/gs, '$1') : item,
  );
}

/** How long a caller waits for Postgres before it gets a {@link DatabaseTimeoutError}. */
export const CALLER_TIMEOUT_MS = 2_000;
/** The default of `statementLimitMs`. */
const STATEMENT_LIMIT_MS = 1_500;
/** Extra time for the reply of a timed-out statement. */
const REPLY_MARGIN_MS = 250;

/** Postgres did not answer in time. Whether the statement took effect is unknown. */
export class DatabaseTimeoutError extends Error {
  override readonly name = 'DatabaseTimeoutError';
  readonly code = 'DATABASE_TIMEOUT';
}

/** A query with the library's internal fields, which have no public types; or any other promise. */
type Cancellable<T> = Promise<T> & {
  readonly cancel?: () => unknown;
  /** Set once the library has written the query to a connection. */
  readonly state?: unknown;
  /** Whether the next answer on that connection belongs to this query. */
  readonly active?: boolean;
};

/**
 * Waits for a query for at most two seconds. This also covers a frozen server and a long queue for the
 * pool, which no timeout of Postgres covers.
 *
 * A query that timed out is cancelled; one that still waits for a connection is never sent. The
 * exception is a query that the library has pipelined after a running one: after a cancel, the library
 * (3.4.9, `ReadyForQuery`) forgets that this answer is still to come and gives it to the next query,
 * possibly another caller's.
 *
 * @throws {DatabaseTimeoutError} after two seconds.
 */
export async function withTimeout<T>(query: Cancellable<T>): Promise<T> {
  return await withinMs(CALLER_TIMEOUT_MS, query, () => {
    const pipelined = (query.state ?? null) !== null && query.active !== true;
    if (!pipelined) query.cancel?.();
  });
}

/**
 * Runs a transaction that stores something, and reports its true outcome: success if it committed, an
 * error if nothing was stored. After the time limit the transaction stops at its next step, and this
 * function waits for the statement that is still running. Only when Postgres does not answer at all is
 * the outcome unknown.
 *
 * @param work must call its argument before each statement and before it commits; the argument throws
 *   after the time limit.
 * @param limitMs the time limit in milliseconds. Default: two seconds.
 * @throws {DatabaseTimeoutError} the transaction stopped after the time limit; or Postgres did not answer
 *   within the statement limit after that.
 */
export async function outcomeWithTimeout<T>(
  work: (throwIfLate: () => void) => Promise<T>,
  limitMs = CALLER_TIMEOUT_MS,
): Promise<T> {
  let late = false;
  const outcome = work(() => {
    if (late) throw new DatabaseTimeoutError();
  });
  const giveUp = () => {
    late = true;
  };
  try {
    return await withinMs(limitMs, outcome, giveUp);
  } catch (error) {
    if (!late) throw error;
    return await withinMs(STATEMENT_LIMIT_MS + REPLY_MARGIN_MS, outcome, () => undefined);
  }
}

async function withinMs<T>(ms: number, answer: Promise<T>, onLate: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      onLate();
      reject(new DatabaseTimeoutError());
    }, ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

const CONNECTION_FAULTS = new Set([
  'DATABASE_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * Returns whether Postgres is temporarily unable to serve, so that the same call may succeed later. The
 * connection failed, or the server is starting or stopping, lacks connections or disk space, timed out,
 * or met a deadlock, a lock timeout or a serialization failure (SQLSTATE classes 08, 53, 57 and codes
 * 40001, 40P01, 55P03; Postgres documentation, appendix A).
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string')
    return false;
  return (
    CONNECTION_FAULTS.has(error.code) ||
    /^(08|53|57)/.test(error.code) ||
    ['40001', '40P01', '55P03'].includes(error.code)
  );
}
