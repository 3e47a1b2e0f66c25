import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { OWNER, superuserUrl } from '../../sandbox/database-url.ts';
import { type Stack, startStack } from '../../sandbox/stack.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { migrate } from '../../src/storage/migrate.ts';
import type { TestPostgres } from './database.ts';
import { testEnvironment } from './environment.ts';
import { startSystemPostgres } from './system-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The shared Postgres server, with an empty, migrated database that serves as a template. */
    readonly postgres: TestPostgres;
    readonly temporal: { readonly address: string; readonly uiUrl: string };
  }
}

const TEMPLATE = 'test_template';

interface Servers {
  readonly stack: Stack;
  readonly postgres: TestPostgres;
  stop(): Promise<void>;
}

interface Shared {
  users: number;
  readonly servers: Promise<Servers>;
}

/** Several projects share the servers in one process: the first starts them, the last stops them. */
const held = globalThis as typeof globalThis & { rxOrdersTestServers?: Shared };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { compiled } = project.getProvidedContext();
  held.rxOrdersTestServers ??= { users: 0, servers: startServers(compiled) };
  const shared = held.rxOrdersTestServers;
  shared.users += 1;
  const { stack, postgres, stop } = await shared.servers;
  project.provide('postgres', postgres);
  project.provide('temporal', { address: stack.temporalAddress, uiUrl: stack.temporalUiUrl });
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    delete held.rxOrdersTestServers;
    await stop();
  };
}

/** Starts Temporal and Postgres; `TEST_POSTGRES_VERSION=15` lets the tests use a version that the system has. */
async function startServers(compiled: string): Promise<Servers> {
  const version = Number(process.env['TEST_POSTGRES_VERSION']);
  const system = version > 0 ? await startSystemPostgres(version) : undefined;
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'rx-tests-'));
  const stack = await startStack({
    dataDir,
    ports: 'free',
    env: testEnvironment(),
    log: { write: () => true, isTTY: false },
    news: process.stderr,
    compiled,
  });
  // On a busy machine, creating a database takes longer than the default statement timeout.
  const server = openDatabase(superuserUrl(stack.databaseUrl), 1, { statementLimitMs: 60_000 });
  await server.unsafe(`CREATE DATABASE ${TEMPLATE} OWNER ${OWNER}`);
  await server.end();
  const url = new URL(stack.databaseUrl);
  url.pathname = `/${TEMPLATE}`;
  await migrate(url.href);
  const { ownerUrl, template } = system ?? { ownerUrl: stack.databaseUrl, template: TEMPLATE };
  return {
    stack,
    postgres: { ownerUrl, template },
    async stop() {
      await system?.stop();
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
