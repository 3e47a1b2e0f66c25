import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import type { Database, Transaction } from './database.ts';

/** A transaction that met others so often is left to its caller, whose own repeat comes later. */
const MOST_ATTEMPTS = 3;
const PAUSE_MS = 50;

/**
 * Runs a transaction, and runs it again when Postgres chose it to give way to another: then all of it
 * is undone, and it may succeed the next time (serialization failure 40001, deadlock 40P01;
 * Postgres documentation, "Serialization Failure Handling"). A transaction whose end is not known,
 * as its connection broke, is not repeated.
 *
 * @param work what the transaction does, and nothing beside it: it may run more than once.
 */
export async function inTransaction<T>(
  database: Database,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await begin(database, work);
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || !hasCode(error, '40001', '40P01')) throw error;
      await sleep(Math.random() * PAUSE_MS * attempt);
    }
  }
}

/**
 * The library's `begin`, kept from ending the process: it writes to a transaction's connection that
 * has gone, the next statement or its own `ROLLBACK`, where nobody can catch the error
 * (github.com/porsager/postgres, issue 1208). So nothing is sent once the connection is lost.
 */
async function begin<T>(database: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  let lost = false;
  // eslint-disable-next-line no-restricted-syntax
  const begun = database.begin(async (tx) => {
    try {
      const result = await work(whileConnected(withKeys(tx, database), () => lost));
      if (!lost) return { result };
    } catch (error) {
      if (!lost && !isLast(error)) throw error;
    }
    // `begun` has been rejected by the library, or is when the connection closes.
    return await new Promise<never>(() => {});
  });
  begun.catch(() => {
    lost = true;
  });
  // Wrapped, as the library would await the members of an array.
  return (await begun).result;
}

/** A transaction seals and opens with the keys of its database. */
export function withKeys(tx: postgres.TransactionSql, { keys }: Database): Transaction {
  return Object.assign(tx, { keys });
}

/** The same statements, which throw once the connection is lost. */
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

/** Whether Postgres, or the library, ends the connection with this error. */
function isLast(error: unknown): boolean {
  if (hasCode(error, 'CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'ECONNRESET', 'EPIPE'))
    return true;
  return (
    error instanceof Error &&
    'severity' in error &&
    ['FATAL', 'PANIC'].includes(String(error.severity))
  );
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
