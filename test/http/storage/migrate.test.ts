import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { migrate } from '../../../src/storage/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';

/* The migration that creates the indexes of the lists, on a database that lacks it. */

let db: TestDatabase;
let writer: Database;
beforeAll(async () => {
  db = await createTestDatabase();
  writer = openDatabase(db.url, 1);
  const { database } = db;
  await database`
    DELETE FROM schema_migrations WHERE name LIKE '%.concurrently.sql'`;
  await database`DROP INDEX orders_of_pharmacy`;
});
afterAll(async () => {
  await writer.end();
  await db.drop();
});

const addCase = (sql: Pick<Database, 'unsafe'>, id: string) =>
  sql.unsafe(`
    WITH owner AS (INSERT INTO organizations (id, name) VALUES (gen_random_uuid(), 'a clinic') RETURNING id)
    INSERT INTO cases (id, organization_id) SELECT '${id}', id FROM owner`);
const addOrder = (sql: Pick<Database, 'unsafe'>, caseId: string) =>
  sql.unsafe(`
    INSERT INTO orders (id, organization_id, case_id, pharmacy_id, status, fingerprint)
    SELECT gen_random_uuid(), organization_id, id, 'a-pharmacy', 'ACCEPTED', '' FROM cases WHERE id = '${caseId}'`);

it('lets writers write while it waits for an open transaction, and any number of processes run it', async () => {
  const { database } = db;
  await addCase(database, 'one');
  let migrations: Promise<unknown> = Promise.resolve();
  await writer.begin(async (tx) => {
    await addOrder(tx, 'one');
    migrations = Promise.all([migrate(db.url), migrate(db.url)]);
    await eventually('an index is being created', async () => {
      const progress = await database`SELECT FROM pg_stat_progress_create_index`;
      return progress.length > 0;
    });
    // The lock timeout of a second would end it.
    await addOrder(database, 'one');
  });
  await migrations;
  expect(await database`SELECT id FROM orders`).toHaveLength(2);
  expect(await indexes()).toContain('orders_of_pharmacy');
});

it('starts again after an interruption, and leaves no index that is not valid', async () => {
  const { database } = db;
  await database`DELETE FROM schema_migrations WHERE name LIKE '%.concurrently.sql'`;
  await db.asSuperuser`
    UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_of_pharmacy'::regclass`;
  expect(await indexes()).not.toContain('orders_of_pharmacy');
  await migrate(db.url);
  expect(await indexes()).toContain('orders_of_pharmacy');
});

async function indexes(): Promise<string[]> {
  const rows = await db.database<{ name: string }[]>`
    SELECT indexrelid::regclass::text AS name FROM pg_index
    WHERE indrelid = 'orders'::regclass AND indisvalid`;
  return rows.map(({ name }) => name);
}
