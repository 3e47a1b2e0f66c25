import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { urlOfRole } from '../../sandbox/database-url.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { ENCRYPTION_KEYS } from './organization.ts';
import { withKeysOf } from './sealed-rows.ts';

/** A database of a test's own on the shared server, with the current schema and nothing in it. */
export interface TestDatabase {
  /** As its owner. */
  readonly url: string;
  readonly serverUrl: string;
  readonly operatorUrl: string;
  /** As its owner, who sees and may do everything: for what a test prepares and looks up. */
  readonly database: Database;
  /** As the server. */
  readonly asServer: Database;
  /** As the worker. */
  readonly asWorker: Database;
  drop(): Promise<void>;
}

/** Makes a database from the migrated template of the global set-up. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { serverUrl: ownersUrl, template } = inject('postgres');
  const name = `test_${randomBytes(8).toString('hex')}`;
  // On a busy machine to copy or drop a database takes longer than a caller of the API waits.
  const server = openDatabase(ownersUrl, 2, { statementLimitMs: 60_000 });
  await server.unsafe(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(ownersUrl);
  url.pathname = `/${name}`;
  const database = openDatabase(url.href, 10, withKeysOf(ENCRYPTION_KEYS));
  const serverUrl = urlOfRole(url.href, 'server');
  const asServer = openDatabase(serverUrl, 20, withKeysOf(ENCRYPTION_KEYS));
  const asWorker = openDatabase(urlOfRole(url.href, 'worker'), 10, withKeysOf(ENCRYPTION_KEYS));
  return {
    url: url.href,
    serverUrl,
    operatorUrl: urlOfRole(url.href, 'operator'),
    database,
    asServer,
    asWorker,
    async drop() {
      await Promise.all([database, asServer, asWorker].map((each) => each.end({ timeout: 2 })));
      await server.unsafe(`DROP DATABASE ${name} WITH (FORCE)`);
      await server.end();
    },
  };
}
