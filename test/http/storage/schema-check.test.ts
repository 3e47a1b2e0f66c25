import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sql } from '../../../src/storage/database.ts';
import { migrate } from '../../../src/storage/migrate.ts';
import { requirePostgresVersion } from '../../../src/storage/postgres-version.ts';
import { schemaWhenCurrent } from '../../../src/storage/schema-check.ts';
import { startApp, type TestApp } from '../../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { createKeptLog } from '../../support/logs.ts';

const NAME = '0030-postgres-15.sql';

describe('a database that lacks a migration', () => {
  let db: TestDatabase;
  let app: TestApp;
  let sha256: string;
  beforeAll(async () => {
    db = await createTestDatabase();
    const [row] = await db.database<{ sha256: string }[]>`
      DELETE FROM schema_migrations WHERE name = ${NAME} RETURNING sha256`;
    sha256 = row?.sha256 ?? '';
    app = await startApp(db.asServer);
  });
  afterAll(async () => {
    await app.close();
    await db.drop();
  });

  it('keeps a server unready and a worker waiting, until it is applied', async () => {
    const ready = async () => {
      const answer = await fetch(`${app.url}/readyz`);
      const { data } = (await answer.json()) as { data: object };
      return { status: answer.status, ...data };
    };
    expect(await ready()).toMatchObject({ status: 503, postgres: 'up', schema: 'outdated' });
    const log = createKeptLog();
    const { signal } = new AbortController();
    let isOver = false;
    const waiting = schemaWhenCurrent(db.asWorker, log, signal).finally(() => {
      isOver = true;
    });
    await eventually('the worker names the migration', async () =>
      log.lines.some(({ message }) => message.includes(NAME)),
    );
    expect(isOver).toBe(false);
    await db.database`INSERT INTO schema_migrations (name, sha256) VALUES (${NAME}, ${sha256})`;
    expect(await waiting).toBe(true);
    await eventually('the server is ready', async () => (await ready()).status === 200);
    expect(await ready()).toMatchObject({ schema: 'current' });
  });

  it('counts as outdated when the role may not even read which migrations it has', async () => {
    await db.database`REVOKE SELECT (name) ON schema_migrations FROM rx_orders_worker`;
    const log = createKeptLog();
    const stop = new AbortController();
    const waiting = schemaWhenCurrent(db.asWorker, log, stop.signal);
    await eventually('the worker waits', async () =>
      log.lines.some(({ message }) => message.includes('run migrate first')),
    );
    stop.abort();
    expect(await waiting).toBe(false);
  });
});

describe('a database that a newer build has migrated', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createTestDatabase();
  });
  afterAll(() => db.drop());

  const start = () => schemaWhenCurrent(db.asWorker, createKeptLog(), new AbortController().signal);
  const apply = (name: string) =>
    db.database`INSERT INTO schema_migrations (name, sha256) VALUES (${name}, '')`;

  it('lets the program start, after migrations that it need not know', async () => {
    await apply('9000-adds-a-column.sql');
    await apply('9001-drops-a-column.needs-0030.sql');
    expect(await start()).toBe(true);
    await migrate(db.url);
  });

  it('refuses the program after a migration that needs a newer one', async () => {
    await apply('9002-drops-a-table.needs-9000.concurrently.sql');
    const reason = 'has the migration 9002-drops-a-table.needs-9000.concurrently.sql';
    await expect(start()).rejects.toThrow(reason);
    await expect(migrate(db.url)).rejects.toThrow(reason);
  });
});

describe('the version of Postgres', () => {
  const server = (number: number) => (async () => [{ number }]) as unknown as Sql;

  it('is 15 or later', async () => {
    await expect(requirePostgresVersion(server(150_000))).resolves.toBeUndefined();
    await expect(requirePostgresVersion(server(180_004))).resolves.toBeUndefined();
    await expect(requirePostgresVersion(server(140_019))).rejects.toThrow(
      'the server is Postgres 14; rx-orders needs Postgres 15 or later',
    );
  });
});
