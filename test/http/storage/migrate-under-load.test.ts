import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrate } from '../../../src/storage/migrate.ts';
import type { TestDatabase } from '../../support/database.ts';
import { createEarlierDatabase } from '../../support/earlier-schema.ts';
import { eventually } from '../../support/eventually.ts';

/* An upgrade: the programs of the build before write while the migrations of this one run. */

let db: TestDatabase;
beforeEach(async () => {
  db = await createEarlierDatabase('0030-postgres-15.sql');
});
afterEach(() => db.drop());

async function isWaiting(): Promise<boolean> {
  const waiting = await db.asSuperuser`
    SELECT FROM pg_locks JOIN pg_class ON pg_class.oid = relation
    WHERE NOT granted AND mode = 'AccessExclusiveLock' AND relname = 'outbox'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  return waiting.length > 0;
}

it('gives way to a writer that needs what a migration has locked, and repeats the migration', async () => {
  const connection = await db.database.reserve();
  let migrated: Promise<unknown> = Promise.resolve();
  try {
    await connection.unsafe('BEGIN; LOCK TABLE outbox IN ROW EXCLUSIVE MODE');
    migrated = migrate(db.url);
    await eventually('the migration waits for the outbox', isWaiting);
    await eventually('the migration lets others go first', async () => !(await isWaiting()));
    // The migration locks the orders before the outbox: a deadlock, if it were to keep its locks.
    await connection.unsafe('LOCK TABLE orders IN ROW EXCLUSIVE MODE; COMMIT');
  } finally {
    connection.release();
    await migrated;
  }
  expect(await db.database`SELECT traceparent FROM outbox`).toEqual([]);
});
