import path from 'node:path';
import { OWNER, superuserUrl } from '../../sandbox/database-url.ts';
import { prepareCluster } from '../../sandbox/postgres-roles.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { migrate } from '../../src/storage/migrate.ts';
import type { TestPostgres } from './database.ts';
import { startCluster, urlIn } from './postgres-cluster.ts';

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
  const { ownerUrl, stop } = await startCluster({
    initdb: path.join(programs, 'initdb'),
    postgres: path.join(programs, 'postgres'),
  });
  await prepareCluster(ownerUrl);
  const superuser = openDatabase(superuserUrl(ownerUrl), 1, { statementLimitMs: 60_000 });
  await superuser.unsafe(`CREATE DATABASE ${TEMPLATE} OWNER ${OWNER}`);
  await superuser.end();
  await migrate(urlIn(ownerUrl, TEMPLATE));
  return { ownerUrl, template: TEMPLATE, stop };
}
