import type { Part } from '../../sandbox/part.ts';
import type { Shell } from '../deployment/shell.ts';
import { prepareNginx } from './nginx.ts';
import { administer, createPostgres } from './postgres.ts';
import {
  type Build,
  codecPart,
  createBucket,
  serverPart,
  simulatorPart,
  workerPart,
} from './programs.ts';
import type { Site } from './site.ts';
import type { System } from './system.ts';
import { prepareTemporal, type Temporal } from './temporal.ts';

/** What a start needs. */
export interface Installation {
  readonly shell: Shell;
  readonly site: Site;
  readonly system: System;
  readonly proxy: Part;
  readonly temporal: Temporal;
}

/** The programs that are replaced by those of another build, in the order of docs/upgrading.md. */
export const OURS = ['worker-1', 'worker-2', 'server-1', 'server-2', 'codec'] as const;

/** Gets the programs of others. */
export async function prepareInstallation(
  shell: Shell,
  site: Site,
  system: System,
  say: (line: string) => void,
): Promise<Installation> {
  const proxy = await prepareNginx(shell, site, say);
  return { shell, site, system, proxy, temporal: await prepareTemporal(shell, site, say) };
}

/** Describes one of our processes. */
function partOf(site: Site, build: Build, name: (typeof OURS)[number]): Part {
  if (name === 'codec') return codecPart(site, build);
  const nth = name.endsWith('1') ? 1 : 2;
  return name.startsWith('server') ? serverPart(site, build, nth) : workerPart(site, build, nth);
}

/** Starts an empty Postgres with the roles and databases that an administrator creates. */
export async function startEmptyPostgres({ shell, site, system }: Installation): Promise<void> {
  await system.start('postgres', await createPostgres(shell, site));
  await administer(site, await system.run('owner', ['dist/src/cli.js', 'setup', '--print-sql']));
}

/** Starts an empty bucket. */
export async function startEmptyBucket({ site, system }: Installation): Promise<void> {
  await system.start('bucket', await createBucket(site));
}

/** Starts Temporal on its two empty databases, and prepares it and what our database still lacks with `rx setup`. */
export async function startEmptyTemporal({ system, temporal }: Installation): Promise<void> {
  await temporal.updateSchema();
  await system.start('temporal', temporal.part);
  await system.run('owner', ['dist/src/cli.js', 'setup', '--retention', '30d']);
}

/** Starts servers, workers and the codec server of a build. */
export async function startOurs({ site, system }: Installation, build: Build): Promise<void> {
  await Promise.all(OURS.map((name) => system.start(name, partOf(site, build, name))));
}

/**
 * Starts everything, in the order of docs/deployment.md, "Without containers".
 *
 * @param pharmacies the build that has the pharmacies.
 */
export async function startEverything(
  installation: Installation,
  build: Build,
  pharmacies: Build,
): Promise<void> {
  const { site, system, proxy } = installation;
  await startEmptyPostgres(installation);
  await startEmptyBucket(installation);
  await startEmptyTemporal(installation);
  await startOurs(installation, build);
  await system.start('proxy', proxy);
  await system.start('simulator', simulatorPart(site, pharmacies));
}

/** Replaces our processes by those of another build, one after the other; `between` runs after each. */
export async function upgrade(
  { site, system }: Installation,
  build: Build,
  between: () => Promise<void>,
): Promise<void> {
  system.use(build);
  await system.run('owner', ['dist/src/migrate.js']);
  for (const name of OURS) {
    await system.stop(name);
    await system.start(name, partOf(site, build, name));
    await between();
  }
}
