import postgres from 'postgres';
import { createKeys, type Keys } from '../keys/data-keys.ts';
import type { KeyProvider } from '../keys/key-provider.ts';
import { dataKeyTable } from './data-key-table.ts';
import { postgresTls } from './postgres-tls.ts';

/** What its rows are sealed with. */
export interface WithKeys {
  readonly keys: Keys;
}

/** A transaction. */
export type Transaction = postgres.TransactionSql & WithKeys;

/** A connection pool; `end()` closes it. */
export type Database = postgres.Sql & WithKeys;

/** A connection pool, or a transaction of it: what every SQL function takes. */
export type Sql = Database | Transaction;

/** How {@link openDatabase} opens one. */
export interface DatabaseOptions {
  /** Wraps the keys of patient data and secrets; without it, whatever seals or opens some fails. */
  readonly keys?: KeyProvider;
  /**
   * Longest that one statement runs, in milliseconds. The default is below a caller's patience, so
   * that what was refused is not done after all.
   */
  readonly statementLimitMs?: number;
  /** Settings of each connection; see `connectionScope`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Opens a connection pool to Postgres. Connecting is lazy: with Postgres away, each query fails
 * within about two seconds, and the next one after Postgres is back succeeds.
 *
 * @param url `postgres://…`; `sslmode` and `sslrootcert` as in {@link postgresTls}.
 * @param poolSize most connections at once.
 */
export function openDatabase(
  url: string,
  poolSize: number,
  { keys, statementLimitMs = STATEMENT_LIMIT_MS, settings = {} }: DatabaseOptions = {},
): Database {
  const pool = openPool(url, poolSize, statementLimitMs, settings);
  // A connection of its own, opened at need: a transaction that waits for a key would else wait for
  // others that wait for keys.
  const keyPool = openPool(url, 1, STATEMENT_LIMIT_MS, settings);
  const endPool = pool.end.bind(pool);
  return Object.assign(pool, {
    keys: createKeys(keys ?? NO_KEYS, dataKeyTable(keyPool)),
    end: async (options?: { timeout?: number }) => {
      await Promise.all([endPool(options), keyPool.end(options)]);
    },
  });
}

/** The keys were not configured. */
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
    // The library's own backoff grows to 20 s, which a caller who is to be told 503 would wait out.
    backoff: () => 0.2,
    // On each new connection the library would look the arrays' types up, and nobody awaits that: a
    // connection that breaks then would end the process.
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
      // Milliseconds, all three.
      statement_timeout: statementLimitMs,
      lock_timeout: 1_000,
      idle_in_transaction_session_timeout: 15_000,
    },
  });
}

// Arrays of text as Postgres writes them (documentation, 8.15.6, "Array Input and Output Syntax").

/** Writes an array of texts; `null` is none. */
export function writeTextArray(texts: readonly string[]): string {
  const quoted = texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`);
  return `{${quoted.join(',')}}`;
}

/** Reads an array of one dimension without nulls. */
export function readTextArray(literal: string): string[] {
  const items = literal.slice(1, -1).match(/"(?:[^"\\]|\\.)*"|[^,]+/gs) ?? [];
  return items.map((item) =>
    item.startsWith('"') ? item.slice(1, -1).replace(/\\(.)/gs, '$1') : item,
  );
}

/** Longest that a caller waits for Postgres before it is told to come back. */
const PATIENCE_MS = 2_000;
/** Longest that one statement runs in a pool made by {@link openDatabase} without a limit. */
const STATEMENT_LIMIT_MS = 1_500;
/** How long a statement's last word may be on its way. */
const LAST_WORD_MS = 250;

/** Postgres did not answer in time; whether it did what it was asked is not known. */
export class DatabaseTimeoutError extends Error {
  override readonly name = 'DatabaseTimeoutError';
  readonly code = 'DATABASE_TIMEOUT';
}

/** A query of the library, with what it keeps of its way and has no type for; or any other promise. */
type Cancellable<T> = Promise<T> & {
  readonly cancel?: () => unknown;
  /** Not null once it was written to a connection. */
  readonly state?: unknown;
  /** Whether its answer is the next to come there. */
  readonly active?: boolean;
};

/**
 * Waits for a query, but not for a server that is frozen or a pool that is long: no time-out of
 * Postgres itself covers those. A query that was given up is cancelled: one that still waits for a
 * connection is never sent. Not so one that was sent ahead, behind another that is under way: the library
 * (3.4.9, `ReadyForQuery`) forgets that its answer is still to come and gives it to the next query, which
 * may be another caller's.
 *
 * @throws {DatabaseTimeoutError} after two seconds.
 */
export async function withTimeout<T>(query: Cancellable<T>): Promise<T> {
  return await before(PATIENCE_MS, query, () => {
    const sentAhead = (query.state ?? null) !== null && query.active !== true;
    if (!sentAhead) query.cancel?.();
  });
}

/**
 * As {@link withTimeout}, for a transaction that stores something: what became of it is waited for. What
 * was stored is told as stored, and a caller who is told to come back finds nothing stored, unless
 * Postgres does not answer any more.
 *
 * @param work calls what it is given before it sends a statement and before it commits: that throws
 *   once the caller was given up.
 * @throws {DatabaseTimeoutError} it was given up in time; or Postgres is silent: after a statement's
 *   longest time beyond the two seconds.
 */
export async function outcomeWithTimeout<T>(work: (goOn: () => void) => Promise<T>): Promise<T> {
  let late = false;
  const outcome = work(() => {
    if (late) throw new DatabaseTimeoutError();
  });
  const giveUp = () => {
    late = true;
  };
  try {
    return await before(PATIENCE_MS, outcome, giveUp);
  } catch (error) {
    if (!late) throw error;
    return await before(STATEMENT_LIMIT_MS + LAST_WORD_MS, outcome, () => undefined);
  }
}

async function before<T>(ms: number, answer: Promise<T>, giveUp: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      giveUp();
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
 * Whether an error means that Postgres cannot serve just now, so that the same call may succeed
 * later: the connection failed, or the server is starting, stopping, out of connections, of disk or
 * of time (SQLSTATE classes 08, 53, 57 and 40001, 40P01, 55P03; Postgres documentation, appendix A).
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
