import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/storage/transaction.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  applyMigrations,
  createEarlierDatabase,
  migrationNames,
} from '../../support/earlier-schema.ts';
import {
  incompatibilities,
  readShape,
  type SchemaShape,
} from '../../support/schema-compatibility.ts';
import { PREVIOUS_BUILDS } from '../../upgrade/previous-builds.ts';

/* During an upgrade and after a rollback, programs of the builds before run on this schema (docs/upgrading.md). */

/** The migration that a program must know to work after `0040-name.needs-0035.sql`. */
const neededBy = (name: string) => /\.needs-(\d{4})\./.exec(name)?.[1];

describe.each(PREVIOUS_BUILDS)('the build $commit, which knows $migration', ({ migration }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createEarlierDatabase(migration);
  });
  afterAll(() => db.drop());

  it('works on this schema', async () => {
    const before = await readShape(db.database);
    const names = await migrationNames();
    const later = names.slice(names.indexOf(migration) + 1);
    for (const name of later) {
      const needed = neededBy(name);
      // Otherwise the build is no longer supported: remove it from PREVIOUS_BUILDS, and from docs/upgrading.md.
      if (needed !== undefined) expect(migration >= needed, `${name} allows the build`).toBe(true);
    }
    // What such a file takes away, the build knows to be unused.
    await applyMigrations(
      db.database,
      later.filter((name) => neededBy(name) === undefined),
    );
    expect(incompatibilities(before, await readShape(db.database))).toEqual([]);
  });
});

describe('the comparison', () => {
  let db: TestDatabase;
  let before: SchemaShape;
  beforeAll(async () => {
    db = await createTestDatabase();
    before = await readShape(db.database);
  });
  afterAll(() => db.drop());

  async function after(statement: string): Promise<string[]> {
    const kept: string[] = [];
    await inTransaction(db.database, async (tx) => {
      await tx.unsafe(statement);
      kept.push(...incompatibilities(before, await readShape(tx)));
      throw new Error('undo');
    }).catch((error: Error) => {
      if (error.message !== 'undo') throw error;
    });
    return kept;
  }

  it.each([
    ['a removed table', 'DROP TABLE shipments CASCADE', 'shipments is gone'],
    ['a renamed table', 'ALTER TABLE shipments RENAME TO parcels', 'shipments is gone'],
    ['a removed column', 'ALTER TABLE orders DROP COLUMN traceparent', 'the column traceparent'],
    [
      'a renamed column',
      'ALTER TABLE orders RENAME traceparent TO trace',
      'the column traceparent',
    ],
    ['another type', 'ALTER TABLE orders ALTER traceparent TYPE varchar(60)', 'changed: tracepar'],
    ['a new NOT NULL', 'ALTER TABLE orders ALTER traceparent SET NOT NULL', 'changed: traceparent'],
    ['a column that inserts lack', 'ALTER TABLE orders ADD p integer NOT NULL', 'lacks: p integer'],
    ['a lost default', 'ALTER TABLE outbox ALTER attempts DROP DEFAULT', 'lost its default'],
    ['a new check', 'ALTER TABLE orders ADD CHECK (pharmacy_id <> $$$$)', 'or another rule'],
    ['a new unique index', 'CREATE UNIQUE INDEX ON shipments (tracking_id)', 'a new rule'],
    ['a revoked right', 'REVOKE SELECT ON orders FROM rx_orders_worker', 'revoked: SELECT'],
    ['a removed function', 'DROP FUNCTION renew_epoch()', 'gone or changed'],
    [
      'a right to call',
      'REVOKE EXECUTE ON FUNCTION renew_epoch() FROM rx_orders_worker',
      'rx_orders',
    ],
    [
      'fewer allowed values',
      `ALTER TABLE epochs DROP CONSTRAINT epochs_cause_check, ADD CHECK (cause IN ('FIRST'))`,
      'or another rule',
    ],
  ])('finds %s', async (_change, statement, message) => {
    expect((await after(statement)).join('\n')).toContain(message);
  });

  it.each([
    'CREATE TABLE parcels (id uuid PRIMARY KEY)',
    'ALTER TABLE orders ADD p integer, ADD q integer NOT NULL DEFAULT 3',
    'ALTER TABLE orders ADD p integer CHECK (p > 1)',
    'ALTER TABLE orders ALTER pharmacy_id DROP NOT NULL',
    'CREATE INDEX ON shipments (tracking_id)',
    'GRANT DELETE ON orders TO rx_orders_server',
    `ALTER TABLE epochs DROP CONSTRAINT epochs_cause_check, ADD CHECK (cause IN ('FIRST', 'POSITIONS_WENT_BACK',
      'CLUSTER_CHANGED', 'TIMELINE_CHANGED', 'RESTORED', 'MOVED'))`,
  ])('allows %s', async (statement) => {
    expect(await after(statement)).toEqual([]);
  });
});
