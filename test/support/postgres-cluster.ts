import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { databaseUrl, SUPERUSER, superuserUrl } from '../../sandbox/database-url.ts';
import { freePorts } from '../../sandbox/ports.ts';
import { postgresAccount } from '../../sandbox/postgres-account.ts';
import type { PostgresBinaries } from '../../sandbox/postgres-binaries.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { eventually } from './eventually.ts';

const PASSWORD = 'a-password-of-this-test-only-7261';

/** A Postgres of a test's own. It has its superuser, and no other role and no database of ours. */
export interface PostgresCluster {
  /** The URL of an owner and a database that a test may create. The passwords of other logins follow from it. */
  readonly ownerUrl: string;
  stop(): Promise<void>;
}

/** Makes an empty cluster with the given programs, and starts its server on 127.0.0.1. */
export async function startCluster(programs: PostgresBinaries): Promise<PostgresCluster> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-cluster-'));
  await chmod(folder, 0o755);
  const account = postgresAccount(folder, programs.postgres);
  const { POSTGRES_PORT: port } = await freePorts();
  const ownerUrl = databaseUrl(port, PASSWORD);
  const passwordFile = path.join(folder, 'password');
  await writeFile(passwordFile, new URL(superuserUrl(ownerUrl)).password);
  account.own(passwordFile);
  const data = path.join(folder, 'data');
  const initdb = account.command(programs.initdb, [
    ...['-D', data, '--username', SUPERUSER, '--pwfile', passwordFile, '--no-sync'],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C'],
  ]);
  execFileSync(initdb.command, initdb.args, { ...initdb, cwd: folder, stdio: 'ignore' });
  const server = account.command(programs.postgres, [
    ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'],
    ...['-c', 'unix_socket_directories='],
  ]);
  const child = spawn(server.command, server.args, { ...server, cwd: folder, stdio: 'ignore' });
  const superuser = openDatabase(urlIn(superuserUrl(ownerUrl), 'postgres'), 1);
  await eventually('Postgres has started', () =>
    superuser`SELECT`.then(
      () => true,
      () => false,
    ),
  );
  await superuser.end();
  return {
    ownerUrl,
    async stop() {
      child.kill('SIGINT');
      await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Returns the URL of another database for the same login. */
export function urlIn(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}
