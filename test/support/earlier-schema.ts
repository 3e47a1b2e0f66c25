import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { inject } from 'vitest';
import type { Sql } from '../../src/storage/database.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

const MIGRATIONS = new URL('../../src/storage/migrations/', import.meta.url);

/** The names of all migrations, in their order. */
export async function migrationNames(): Promise<string[]> {
  return (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort();
}

/** Creates a database with the schema that an earlier build made: that of a migration and of those before it. */
export async function createEarlierDatabase(newest: string): Promise<TestDatabase> {
  const db = await createTestDatabase({ ...inject('postgres'), template: 'template1' });
  await db.database.unsafe(
    `CREATE TABLE schema_migrations (
      name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  const names = await migrationNames();
  await applyMigrations(db.database, names.slice(0, names.indexOf(newest) + 1));
  return db;
}

/** Applies migrations, and records them. */
export async function applyMigrations(sql: Sql, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const text = await readFile(new URL(name, MIGRATIONS), 'utf8');
    const statements = name.endsWith('.concurrently.sql') ? text.split(/;$/m) : [text];
    for (const statement of statements) await sql.unsafe(statement);
    const sha256 = createHash('sha256').update(text).digest('hex');
    await sql`INSERT INTO schema_migrations (name, sha256) VALUES (${name}, ${sha256})`;
  }
}
