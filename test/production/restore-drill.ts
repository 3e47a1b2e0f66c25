import path from 'node:path';
import type { Clients, Flow } from '../deployment/clients.ts';
import type { Build } from './programs.ts';
import {
  type Installation,
  OURS,
  startEmptyBucket,
  startEmptyPostgres,
  startEmptyTemporal,
  startOurs,
} from './start.ts';

/** What the drill did. */
export interface Drill {
  /** Orders in the backup. */
  readonly saved: number;
  /** Orders that were acknowledged after the backup, and that the restore therefore does not know. */
  readonly after: number;
  /** Orders that got another id when their request was sent again. */
  readonly changed: number;
  /** From the loss until the servers were ready. */
  readonly seconds: number;
}

/**
 * Loses Postgres, Temporal's databases and the bucket, and restores them into empty ones, as docs/disaster-recovery.md
 * says. The pharmacies keep what they have, and the clients go on.
 */
export async function drill(
  installation: Installation,
  build: Build,
  clients: Clients,
  flow: Flow,
  say: (line: string) => void,
): Promise<Drill> {
  const { site, system } = installation;
  const folder = path.join(site.folder, 'backup');
  say('rx backup create, while orders flow');
  const since = new Date().toISOString();
  const { backup } = await system.rx<{ backup: { orders: number } }>(['backup', 'create', folder]);
  await system.rx(['backup', 'verify', folder]);
  await flow.grow(50);

  say('everything is lost: Postgres, Temporal, the bucket');
  const lostAt = Date.now();
  for (const name of ['postgres', 'temporal', 'bucket'] as const) await system.destroy(name);
  for (const name of OURS) await system.stop(name);
  const after = clients.acknowledged.size - backup.orders;

  say('an empty Postgres and an empty bucket; rx restore load');
  await startEmptyPostgres(installation);
  await startEmptyBucket(installation);
  await system.run('owner', ['dist/src/migrate.js']);
  await system.run('owner', ['dist/src/cli.js', 'restore', 'load', folder]);

  say('an empty Temporal, workers and servers');
  await startEmptyTemporal(installation);
  await startOurs(installation, build);
  const seconds = (Date.now() - lostAt) / 1_000;
  await system.rx(['restore', 'recheck', '--ended-since', '24h']);

  const lost = async () => {
    const args = ['restore', 'reconcile', '--since', since];
    return (await system.rx<{ orders: object[] }>(args)).orders.length;
  };
  say(`rx restore reconcile names ${await lost()} orders; clients repeat every request`);
  const changed = await clients.repeatAll();
  say(`rx restore reconcile names ${await lost()} orders`);
  return { saved: backup.orders, after, changed, seconds };
}
