import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { OWNER, superuserUrl } from '../sandbox/database-url.ts';
import { startStack } from '../sandbox/stack.ts';
import { watchStopSignals } from '../sandbox/stop-signals.ts';
import { openDatabase } from '../src/storage/database.ts';
import { migrate } from '../src/storage/migrate.ts';
import { testEnvironment } from '../test/support/environment.ts';
import { schemaText } from './schema/schema-text.ts';

/*
 *   npm run schema
 *
 * Writes docs/schema.sql: applies the migrations to an empty database of a temporary stack and reads
 * the catalog. Run it after you add a migration.
 */

const FILE = new URL('../docs/schema.sql', import.meta.url);
const DATABASE = 'schema_snapshot';

const { stopping } = watchStopSignals(process.env);
const dataDir = await mkdtemp(path.join(os.tmpdir(), 'rx-schema-'));
const silent = { write: () => true, isTTY: false };
try {
  const stack = await startStack({
    dataDir,
    ports: 'free',
    env: testEnvironment(),
    log: silent,
    news: process.stderr,
    signal: stopping,
  });
  try {
    const server = openDatabase(superuserUrl(stack.databaseUrl), 1);
    await server.unsafe(`CREATE DATABASE ${DATABASE} OWNER ${OWNER}`);
    await server.end();
    const url = new URL(stack.databaseUrl);
    url.pathname = `/${DATABASE}`;
    await migrate(url.href);
    const database = openDatabase(url.href, 1);
    try {
      await writeFile(FILE, await schemaText(database));
    } finally {
      await database.end();
    }
  } finally {
    await stack.stop();
  }
} catch (error) {
  if (!stopping.aborted) throw error;
  process.exitCode = 130;
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
