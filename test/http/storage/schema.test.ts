import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemaText } from '../../../scripts/schema/schema-text.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const FILE = new URL('../../../docs/schema.sql', import.meta.url);

let committed: string;
let db: TestDatabase;

beforeAll(async () => {
  committed = await readFile(FILE, 'utf8');
  db = await createTestDatabase();
  // `reserve()` waits for ever in a pool that has no connection yet and fetches no types.
  await db.database`SELECT`;
});

afterAll(() => db.drop());

describe('docs/schema.sql', () => {
  // Versions of Postgres write definitions differently.
  const isOther = process.env['TEST_POSTGRES_VERSION'] !== undefined;
  it.skipIf(isOther)(
    'shows the schema that the migrations make; if not, run: npm run schema',
    async () => {
      expect(await schemaText(db.database)).toBe(committed);
    },
  );

  it.each([
    ['a new column', 'ALTER TABLE orders ADD COLUMN priority integer DEFAULT 3'],
    ['another default', 'ALTER TABLE outbox ALTER COLUMN attempts SET DEFAULT 1'],
    ['a removed NOT NULL', 'ALTER TABLE orders ALTER COLUMN pharmacy_id DROP NOT NULL'],
    ['a new check', 'ALTER TABLE shipments ADD CHECK (tracking_id <> $$$$)'],
    ['a removed foreign key', 'ALTER TABLE documents DROP CONSTRAINT documents_order_id_fkey'],
    ['a new index', 'CREATE INDEX ON orders (updated_at)'],
    ['a disabled trigger', 'ALTER TABLE audit_log DISABLE TRIGGER append_only'],
    [
      'another body of a function',
      'CREATE OR REPLACE FUNCTION scope_pharmacy() RETURNS text LANGUAGE sql RETURN NULL',
    ],
    ['disabled row-level security', 'ALTER TABLE cases DISABLE ROW LEVEL SECURITY'],
    ['a new policy', 'CREATE POLICY all_rows ON cases TO rx_orders_server USING (true)'],
    ['a new grant', 'GRANT DELETE ON orders TO rx_orders_server'],
    ['a grant for a column', 'GRANT SELECT (key_hash) ON api_keys TO rx_orders_worker'],
    ['a grant to everybody', 'GRANT SELECT ON cases TO PUBLIC'],
    ['a grant to call a function', 'GRANT EXECUTE ON FUNCTION organization_of_document TO PUBLIC'],
    [
      'another query of a view',
      'CREATE OR REPLACE VIEW order_statuses AS SELECT status FROM orders LIMIT 1',
    ],
    ['a new table', 'CREATE TABLE parcels (id uuid PRIMARY KEY)'],
  ])('no longer matches after %s', async (_change, statement) => {
    expect(await schemaAfter(statement)).not.toBe(committed);
  });

  it.each([
    ['CREATE TYPE parcel_size AS ENUM ()', 'cannot show: type parcel_size'],
    ['CREATE SEQUENCE parcel_numbers', 'cannot show: relation parcel_numbers'],
    ['CREATE MATERIALIZED VIEW totals AS SELECT FROM orders', 'cannot show: relation totals'],
    [
      'DROP TRIGGER tell_of_activity ON order_activity',
      'names no object: trigger tell_of_activity ON order_activity',
    ],
  ])('is not generated after %s', async (statement, message) => {
    await expect(schemaAfter(statement)).rejects.toThrow(message);
  });
});

/** The text with a change to the schema, which is rolled back. */
async function schemaAfter(statement: string): Promise<string> {
  const connection = await db.database.reserve();
  try {
    await connection.unsafe(`BEGIN; ${statement}`);
    return await schemaText(Object.assign(connection, { keys: db.database.keys }));
  } finally {
    await connection.unsafe('ROLLBACK');
    connection.release();
  }
}
