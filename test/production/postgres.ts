import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import postgres from 'postgres';
import type { Part } from '../../sandbox/part.ts';
import { postgresAccount } from '../../sandbox/postgres-account.ts';
import { findPostgres } from '../../sandbox/postgres-binaries.ts';
import type { Shell } from '../deployment/shell.ts';
import { testEnvironment } from '../support/environment.ts';
import type { Site } from './site.ts';

/** What an administrator runs for Temporal (docs/deployment.md, "Without containers"). */
const FOR_TEMPORAL = `
  CREATE ROLE temporal LOGIN;
  CREATE DATABASE temporal OWNER temporal;
  CREATE DATABASE temporal_visibility OWNER temporal;`;

/** Makes an empty cluster in place of an earlier one, and describes its server, with the settings of compose. */
export async function createPostgres(shell: Shell, site: Site): Promise<Part> {
  const home = path.join(site.folder, 'postgres');
  // Processes of a killed server may end only now.
  await rm(home, { recursive: true, force: true, maxRetries: 20 });
  await mkdir(home);
  const binaries = await findPostgres();
  const account = postgresAccount(home, binaries.postgres);
  const passwordFile = path.join(home, 'password');
  await writeFile(passwordFile, site.secret('postgres_password'), { mode: 0o600 });
  account.own(passwordFile);
  const data = path.join(home, 'data');
  const initdb = account.command(binaries.initdb, [
    ...['-D', data, '--username', 'postgres', '--pwfile', passwordFile],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C', '--no-instructions'],
  ]);
  await shell(initdb.command, initdb.args, { ...initdb, cwd: home });
  await rm(passwordFile);
  const settings = {
    port: site.ports.postgres,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '256MB',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    name: 'postgres',
    ...account.command(binaries.postgres, ['-D', data, ...flags]),
    env: testEnvironment(),
    stopSignal: 'SIGINT', // "fast shutdown"
    stopLimitMs: 60_000,
    ready: async () => asSuperuser(site, async (sql) => void (await sql`SELECT 1`)),
  };
}

/**
 * Runs what an administrator runs once, in an empty cluster.
 *
 * @param printedSql the output of `rx setup --print-sql`.
 */
export async function administer(site: Site, printedSql: string): Promise<void> {
  const passwords = new Map([['temporal', site.secret('temporal_database_password')]]);
  for (const role of ['owner', 'server', 'worker', 'operator'] as const) {
    const { username, password } = new URL(site.secret(`${role}_database_url`));
    passwords.set(username, password);
  }
  const statements = `${printedSql}${FOR_TEMPORAL}`
    .replaceAll(
      // Earlier builds print a place for the password.
      /(CREATE ROLE "?(\w+)"? LOGIN)(?: PASSWORD '…')?;/g,
      (_, statement: string, role: string) =>
        `${statement} PASSWORD '${passwords.get(role) ?? ''}';`,
    )
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('--'));
  await asSuperuser(site, async (sql) => {
    for (const statement of statements) await sql.unsafe(statement);
  });
}

/** Uses one connection of the superuser. */
export async function asSuperuser<T>(
  site: Site,
  use: (sql: postgres.Sql) => Promise<T>,
  database = 'postgres',
): Promise<T> {
  const url = new URL(site.superuserUrl);
  url.pathname = `/${database}`;
  const sql = postgres(url.href, { max: 1, connect_timeout: 5, fetch_types: false });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
