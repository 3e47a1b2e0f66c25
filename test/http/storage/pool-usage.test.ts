import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { inTransaction } from '../../../src/storage/transaction.ts';
import { eventually } from '../../support/eventually.ts';

let database: Database;
beforeAll(async () => {
  database = openDatabase(inject('postgres').ownerUrl, 2);
  await database`SELECT 1`;
});
afterAll(() => database.end({ timeout: 2 }));

/** Holds a connection until the returned function is called. */
async function hold(): Promise<() => Promise<void>> {
  let release = () => {};
  let transaction: Promise<unknown> | undefined;
  await new Promise<void>((begun) => {
    transaction = inTransaction(database, async (sql) => {
      await sql`SELECT 1`;
      begun();
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    });
  });
  return async () => {
    release();
    await transaction;
  };
}

it('counts what waits for a connection, and for how long', async () => {
  const before = database.usage().waitedSeconds;
  const releases = [await hold(), await hold()];
  expect(database.usage()).toMatchObject({ size: 2, inUse: 2, waiting: 0 });

  const statements = [1, 2, 3].map((n) => database`SELECT ${n}::int`.execute());
  const transaction = inTransaction(database, (sql) => sql`SELECT 1`);
  await eventually('all wait', async () => database.usage().waiting === 4);
  expect(database.usage().inUse).toBe(6);

  for (const release of releases) await release();
  await Promise.all([...statements, transaction]);
  expect(database.usage()).toMatchObject({ inUse: 0, waiting: 0 });
  expect(database.usage().waitedSeconds).toBeGreaterThan(before);
});

it('counts a statement that fails, and one that is never sent, no longer than it lasts', async () => {
  const releases = [await hold(), await hold()];
  const cancelled = database`SELECT 1`.execute();
  await eventually('it waits', async () => database.usage().waiting === 1);
  cancelled.cancel();
  await expect(cancelled).rejects.toThrow();
  for (const release of releases) await release();
  await expect(database`SELECT 1 / 0`).rejects.toThrow('division by zero');

  expect(database.usage()).toMatchObject({ inUse: 0, waiting: 0 });
});

it('counts no fragment of a statement', async () => {
  const fragment = database`1 + 1`;
  await database`SELECT ${fragment}`;

  expect(database.usage()).toMatchObject({ inUse: 0, waiting: 0 });
});
