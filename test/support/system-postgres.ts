import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { databaseUrl, OWNER, SUPERUSER, superuserUrl } from '../../sandbox/database-url.ts';
import { freePorts } from '../../sandbox/ports.ts';
import { postgresAccount } from '../../sandbox/postgres-account.ts';
import { prepareCluster } from '../../sandbox/postgres-roles.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { migrate } from '../../src/storage/migrate.ts';
import type { TestPostgres } from './database.ts';
import { eventually } from './eventually.ts';

const PASSWORD = 'a-password-of-this-test-only-7261';
const TEMPLATE = 'system_template';

/** Where the packages of Debian and Ubuntu put the programs of a version. */
export function systemPostgres(version: number): string {
  return `/usr/lib/postgresql/${version}/bin`;
}

/** Starts a Postgres that the system has installed, with a migrated template. */
export async function startSystemPostgres(
  version: number,
): Promise<TestPostgres & { stop(): Promise<void> }> {
  const programs = systemPostgres(version);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-system-postgres-'));
  await chmod(folder, 0o755);
  const account = postgresAccount(folder, path.join(programs, 'postgres'));
  const { POSTGRES_PORT: port } = await freePorts();
  const ownerUrl = databaseUrl(port, PASSWORD);
  const passwordFile = path.join(folder, 'password');
  await writeFile(passwordFile, new URL(superuserUrl(ownerUrl)).password);
  account.own(passwordFile);
  const data = path.join(folder, 'data');
  const initdb = account.command(path.join(programs, 'initdb'), [
    ...['-D', data, '--username', SUPERUSER, '--pwfile', passwordFile],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C'],
  ]);
  execFileSync(initdb.command, initdb.args, { ...initdb, cwd: folder, stdio: 'ignore' });
  const server = account.command(path.join(programs, 'postgres'), [
    ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
    ...['-c', 'unix_socket_directories='],
  ]);
  const child = spawn(server.command, server.args, { ...server, cwd: folder, stdio: 'ignore' });
  await eventually('Postgres has started', () =>
    prepareCluster(ownerUrl).then(
      () => true,
      () => false,
    ),
  );
  const superuser = openDatabase(superuserUrl(ownerUrl), 1, { statementLimitMs: 60_000 });
  await superuser.unsafe(`CREATE DATABASE ${TEMPLATE} OWNER ${OWNER}`);
  await superuser.end();
  const template = new URL(ownerUrl);
  template.pathname = `/${TEMPLATE}`;
  await migrate(template.href);
  return {
    ownerUrl,
    template: TEMPLATE,
    async stop() {
      child.kill('SIGINT');
      await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
