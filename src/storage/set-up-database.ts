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

/** What an administrator does about an error of Postgres. */
const BEGIN = 'in a new cluster, have an administrator run the output of rx setup --print-sql';
const LOGIN_REFUSED = `Postgres refused the login: the role does not exist, may not log in, or has another password; ${BEGIN}`;
const EXPLAINED: Readonly<Record<string, string>> = {
  POSTGRES_TOO_OLD: 'Postgres is older than 15',
  '28P01': LOGIN_REFUSED,
  '28000': LOGIN_REFUSED,
  '3D000': `the database does not exist; ${BEGIN}`,
  '42501':
    'Postgres refuses it to this role; have an administrator do it, as docs/operations.md describes',
};

async function attempt(step: string, run: () => Promise<Outcome>): Promise<SetupStep> {
  try {
    return { step, ...(await run()) };
  } catch (error) {
    const code = codeOf(error);
    return { step, result: 'fail', message: EXPLAINED[code] ?? code };
  }
}

async function checkServer(sql: Sql): Promise<Outcome> {
  await requirePostgresVersion(sql);
  return { result: 'ok', message: 'answers, with a supported version' };
}

async function createRoles(sql: Sql, { passwords, dryRun }: DatabaseSetup): Promise<Outcome> {
  const rows = await sql<{ name: string; login: boolean }[]>`
    SELECT rolname AS name, rolcanlogin AS login FROM pg_roles
    WHERE rolname = ANY(${PROGRAM_ROLES.map(roleOf)}::text[])`;
  const logins = new Map(rows.map(({ name, login }) => [name, login]));
  const roles = PROGRAM_ROLES.map((program) => {
    const [name, password] = [roleOf(program), passwords[program]];
    return { name, password, exists: logins.has(name), login: logins.get(name) === true };
  });
  const missing = roles.filter(({ exists }) => !exists);
  // Those of an earlier run without a password. A role that can log in keeps its own.
  const opened = roles.filter(
    ({ exists, login, password }) => exists && !login && password !== undefined,
  );
  const changed = [...missing, ...opened];
  const list = (some: typeof roles) =>
    some
      .map(({ name, login, password }) =>
        login || password !== undefined ? name : `${name} (no login)`,
      )
      .join(', ');
  if (changed.length === 0) return { result: 'ok', message: list(roles) };
  const [mine] = await sql<{ name: string; may: boolean }[]>`
    SELECT rolname AS name, rolcreaterole OR rolsuper AS may FROM pg_roles
    WHERE rolname = current_user`;
  if (mine?.may !== true) {
    const message = `${list(changed)}: ${mine?.name ?? 'the role'} lacks the right CREATEROLE; have an administrator run the output of rx setup --print-sql`;
    return { result: 'fail', message };
  }
  if (!dryRun) for (const role of changed) await giveLogin(sql, role);
  const [create, open] = dryRun ? ['create', 'give a login to'] : ['created', 'gave a login to'];
  const message = [
    ...(missing.length === 0 ? [] : [`${create} ${list(missing)}`]),
    ...(opened.length === 0 ? [] : [`${open} ${list(opened)}`]),
  ].join('; ');
  return { result: dryRun ? 'todo' : 'done', message };
}

/** Creates a role, or lets the one that exists log in with a password. */
async function giveLogin(
  sql: Sql,
  {
    name,
    password,
    exists,
  }: { readonly name: string; readonly password: string | undefined; readonly exists: boolean },
): Promise<void> {
  const [row] = await sql<{ literal: string }[]>`
    SELECT quote_literal(${password ?? ''}::text) AS literal`;
  const login = password === undefined ? 'NOLOGIN' : `LOGIN PASSWORD ${row?.literal ?? ''}`;
  await sql.unsafe(`${exists ? 'ALTER' : 'CREATE'} ROLE ${name} ${login}`);
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
