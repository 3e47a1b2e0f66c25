import { codeOf } from '../lib/safe-error.ts';
import type { SetupStep } from '../lib/setup-step.ts';
import { openDatabase, type Sql } from './database.ts';
import { migrate, missingMigrations } from './migrate.ts';
import { requirePostgresVersion } from './postgres-version.ts';

/** The roles of the programs (docs/adr/0025). */
export const PROGRAM_ROLES = ['server', 'worker', 'operator'] as const;

/** The name of a program's role in Postgres. */
export const roleOf = (program: (typeof PROGRAM_ROLES)[number]) => `rx_orders_${program}`;

/** What {@link setUpDatabase} needs. */
export interface DatabaseSetup {
  /** Logs in as the owner of the database. */
  readonly url: string;
  /** The passwords of roles that log in themselves; without one, a new role cannot log in. */
  readonly passwords: Partial<Record<(typeof PROGRAM_ROLES)[number], string | undefined>>;
  readonly dryRun: boolean;
}

/**
 * Creates the roles that a cluster lacks and applies the migrations that the database lacks. Safe to repeat. It stops at
 * the first step that fails, and the step names the right that is missing.
 */
export async function* setUpDatabase(setup: DatabaseSetup): AsyncGenerator<SetupStep> {
  const sql = openDatabase(setup.url, 1);
  try {
    for (const [step, run] of [
      ['postgres', checkServer],
      ['roles', createRoles],
      ['owner', checkOwner],
      ['schema', applyMigrations],
    ] as const) {
      const result = await attempt(step, () => run(sql, setup));
      yield result;
      if (result.result === 'fail') return;
    }
  } finally {
    await sql.end({ timeout: 1 });
  }
}

type Outcome = Omit<SetupStep, 'step'>;

async function attempt(step: string, run: () => Promise<Outcome>): Promise<SetupStep> {
  try {
    return { step, ...(await run()) };
  } catch (error) {
    const code = codeOf(error);
    const message = code === 'POSTGRES_TOO_OLD' ? 'Postgres is older than 15' : code;
    return { step, result: 'fail', message };
  }
}

async function checkServer(sql: Sql): Promise<Outcome> {
  await requirePostgresVersion(sql);
  return { result: 'ok', message: 'answers, with a supported version' };
}

async function createRoles(sql: Sql, { passwords, dryRun }: DatabaseSetup): Promise<Outcome> {
  const names = PROGRAM_ROLES.map(roleOf);
  const found = await sql<{ name: string }[]>`
    SELECT rolname AS name FROM pg_roles WHERE rolname = ANY(${names}::text[])`;
  const missing = PROGRAM_ROLES.filter(
    (program) => !found.some(({ name }) => name === roleOf(program)),
  );
  if (missing.length === 0) return { result: 'ok', message: names.join(', ') };
  const list = missing.map(roleOf).join(', ');
  const [mine] = await sql<{ name: string; may: boolean }[]>`
    SELECT rolname AS name, rolcreaterole OR rolsuper AS may FROM pg_roles
    WHERE rolname = current_user`;
  if (mine?.may !== true) {
    const message = `${list}: ${mine?.name ?? 'the role'} lacks the right CREATEROLE; have an administrator run the output of rx setup --print-sql`;
    return { result: 'fail', message };
  }
  if (dryRun) return { result: 'todo', message: `create ${list}` };
  for (const program of missing) {
    const password = passwords[program] ?? null;
    const [row] = await sql<{ statement: string }[]>`
      SELECT CASE WHEN ${password}::text IS NULL THEN format('CREATE ROLE %I NOLOGIN', ${roleOf(program)}::text)
        ELSE format('CREATE ROLE %I LOGIN PASSWORD %L', ${roleOf(program)}::text, ${password}::text) END AS statement`;
    await sql.unsafe(row?.statement ?? '');
  }
  return { result: 'done', message: `created ${list}` };
}

async function checkOwner(sql: Sql): Promise<Outcome> {
  const [row] = await sql<{ name: string; owns: boolean; creates: boolean }[]>`
    SELECT current_user::text AS name, has_schema_privilege('public', 'CREATE') AS creates,
      pg_has_role(datdba, 'USAGE') AS owns FROM pg_database WHERE datname = current_database()`;
  if (row?.owns === true && row.creates) return { result: 'ok', message: row.name };
  const right =
    row?.owns === true ? 'CREATE on the schema public' : 'the ownership of the database';
  return { result: 'fail', message: `${row?.name ?? 'the role'} lacks ${right}` };
}

async function applyMigrations(sql: Sql, { url, dryRun }: DatabaseSetup): Promise<Outcome> {
  const missing = await missingMigrations(sql);
  if (missing.length === 0) return { result: 'ok', message: 'all migrations are applied' };
  if (dryRun) return { result: 'todo', message: `apply ${missing.length} migrations` };
  await migrate(url);
  return { result: 'done', message: `applied ${missing.length} migrations` };
}
