import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { ENCRYPTION_KEYS } from './organization.ts';
import { withKeysOf } from './sealed-rows.ts';

/** A database of a test's own on the shared server, with the current schema and nothing in it. */
export interface TestDatabase {
  readonly url: string;
  readonly database: Database;
  drop(): Promise<void>;
}

/** Makes a database from the migrated template of the global set-up. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { serverUrl, template } = inject('postgres');
  const name = `test_${randomBytes(8).toString('hex')}`;
  // On a busy machine to copy or drop a database takes longer than a caller of the API waits.
  const server = openDatabase(serverUrl, 2, { statementLimitMs: 60_000 });
  await server.unsafe(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const database = openDatabase(url.href, 20, withKeysOf(ENCRYPTION_KEYS));
  return {
    url: url.href,
    database,
    async drop() {
      await database.end({ timeout: 2 });
      await server.unsafe(`DROP DATABASE ${name} WITH (FORCE)`);
      await server.end();
    },
  };
}
