import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { OWNER, superuserUrl, urlOfRole } from '../../sandbox/database-url.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { ENCRYPTION_KEYS } from './organization.ts';
import { withKeysOf } from './sealed-rows.ts';

/** An empty database for one test on the shared server, with the current schema. */
export interface TestDatabase {
  /** Logs in as the owner. */
  readonly url: string;
  readonly serverUrl: string;
  readonly operatorUrl: string;
  /** Logs in as the owner of the tables, so that a test can prepare and inspect data. */
  readonly database: Database;
  /** Logs in as the superuser, whom no rule of the database restricts. */
  readonly asSuperuser: Database;
  /** Logs in with the server's role. */
  readonly asServer: Database;
  /** Logs in with the worker's role. */
  readonly asWorker: Database;
  drop(): Promise<void>;
}

/** A Postgres server, with an empty, migrated database that serves as a template. */
export interface TestPostgres {
  readonly ownerUrl: string;
  readonly template: string;
}

/** Creates a database from a migrated template, by default that of the global setup. */
export async function createTestDatabase(
  { ownerUrl, template }: TestPostgres = inject('postgres'),
): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  // On a busy machine, copying or dropping a database takes longer than the default statement timeout.
  const server = openDatabase(superuserUrl(ownerUrl), 2, { statementLimitMs: 60_000 });
  await server.unsafe(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER ${OWNER}`);
  // Postgres does not copy the rights on a database (documentation, "CREATE DATABASE").
  await server.unsafe(`REVOKE TEMPORARY ON DATABASE ${name} FROM PUBLIC`);
  const url = new URL(ownerUrl);
  url.pathname = `/${name}`;
  const database = openDatabase(url.href, 10, withKeysOf(ENCRYPTION_KEYS));
  const asSuperuser = openDatabase(superuserUrl(url.href), 2);
  const serverUrl = urlOfRole(url.href, 'server');
  const asServer = openDatabase(serverUrl, 20, withKeysOf(ENCRYPTION_KEYS));
  const asWorker = openDatabase(urlOfRole(url.href, 'worker'), 10, withKeysOf(ENCRYPTION_KEYS));
  return {
    url: url.href,
    serverUrl,
    operatorUrl: urlOfRole(url.href, 'operator'),
    database,
    asSuperuser,
    asServer,
    asWorker,
    async drop() {
      const pools = [database, asSuperuser, asServer, asWorker];
      await Promise.all(pools.map((each) => each.end({ timeout: 2 })));
      await server.unsafe(`DROP DATABASE ${name} WITH (FORCE)`);
      await server.end();
    },
  };
}
