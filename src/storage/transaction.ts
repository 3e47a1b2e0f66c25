import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import type { Database, Transaction } from './database.ts';

/** After this many attempts the caller gets the error and may retry later. */
const MAX_ATTEMPTS = 3;
/** The random wait before the second attempt is at most this long; before the third, twice as long. */
const PAUSE_MS = 50;

/**
 * Runs a transaction, and retries it after a serialization failure (40001) or a deadlock (40P01):
 * Postgres has then rolled all of it back, and the next attempt may succeed (Postgres documentation,
 * "Serialization Failure Handling"). When the connection breaks, the outcome is unknown, so the
 * transaction is not retried.
 *
 * @param work the statements of the transaction. It may run more than once, so it must have no other
 *   side effects.
 */
export async function inTransaction<T>(
  database: Database,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await begin(database, work);
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !hasCode(error, '40001', '40P01')) throw error;
      await sleep(Math.random() * PAUSE_MS * attempt);
    }
  }
}

/**
 * Calls the library's `begin` and sends nothing once the connection is lost. The library would write
 * the next statement or its own `ROLLBACK` to the lost connection, and the error, which no code can
 * catch, would end the process (github.com/porsager/postgres, issue 1208).
 */
async function begin<T>(database: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  let lost = false;
  // eslint-disable-next-line no-restricted-syntax
  const begun = database.begin(async (tx) => {
    try {
      const result = await work(whileConnected(withKeys(tx, database), () => lost));
      if (!lost) return { result };
    } catch (error) {
      if (!lost && !endsConnection(error)) throw error;
    }
    // The library has rejected `begun`, or will reject it when the connection closes.
    return await new Promise<never>(() => {});
  });
  begun.catch(() => {
    lost = true;
  });
  // Wrapped in an object: from an array the library would await every element.
  return (await begun).result;
}

/** Gives a transaction of the library the keys of its database. */
export function withKeys(tx: postgres.TransactionSql, { keys }: Database): Transaction {
  return Object.assign(tx, { keys });
}

/** Wraps a transaction: every statement throws once the connection is lost. */
function whileConnected(tx: Transaction, isLost: () => boolean): Transaction {
  return new Proxy(tx, {
    apply(target, self, parameters) {
      if (isLost()) {
        throw Object.assign(new Error('the connection is lost'), { code: 'CONNECTION_CLOSED' });
      }
      return Reflect.apply(target, self, parameters) as unknown;
    },
  });
}

/** Returns whether Postgres or the library closes the connection after this error. */
function endsConnection(error: unknown): boolean {
  if (hasCode(error, 'CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'ECONNRESET', 'EPIPE'))
    return true;
  return (
    error instanceof Error &&
    'severity' in error &&
    ['FATAL', 'PANIC'].includes(String(error.severity))
  );
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
