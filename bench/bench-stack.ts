import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { superuserUrl } from '../sandbox/database-url.ts';
import { type Stack, type StackOptions, startStack } from '../sandbox/stack.ts';
import type { Environment } from '../src/process/config.ts';
import { openDatabase } from '../src/storage/database.ts';
import { testEnvironment } from '../test/support/environment.ts';

/**
 * Starts the whole stack for a benchmark, on free ports and in a new folder, which `stop()` removes.
 *
 * @param settings environment variables of the stack, in place of the defaults.
 * @param options.countsStatements loads `pg_stat_statements` into Postgres, which takes a second start.
 * @param options.compiled the folder of the compiled programs; without it, tsx runs the sources as `npm start` does.
 */
export async function startBenchStack(
  settings: Environment = {},
  options: { readonly countsStatements?: boolean; readonly compiled?: string } = {},
): Promise<Stack> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'rx-bench-'));
  const { countsStatements = false, ...compiled } = options;
  const start = () =>
    startStack({
      dataDir,
      ports: 'free',
      env: testEnvironment(settings),
      log: { write: () => true },
      news: process.stderr,
      ...compiled,
    } satisfies StackOptions);
  let stack = await start();
  if (countsStatements) {
    await asSuperuser(stack, "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
    await stack.stop();
    stack = await start();
    await asSuperuser(stack, 'CREATE EXTENSION pg_stat_statements');
  }
  return {
    ...stack,
    async stop() {
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function asSuperuser({ databaseUrl }: Stack, statement: string): Promise<void> {
  const database = openDatabase(superuserUrl(databaseUrl), 1);
  await database.unsafe(statement);
  await database.end();
}
