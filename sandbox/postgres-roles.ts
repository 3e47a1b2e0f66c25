import postgres from 'postgres';
import { DATABASE, OWNER, SUPERUSER, superuserUrl, urlOfRole } from './database-url.ts';
import { errorCode } from './stack-error.ts';

const ANSWER_LIMIT_S = 2;
/** SQLSTATE of a login with an unknown role or a wrong password. */
const LOGIN_REFUSED = '28P01';
/** A temporary superuser, because a session cannot rename its own role. */
const RENAMER = 'rx_orders_renamer';

/**
 * Creates what a cluster lacks: the owner of the sandbox's database, the roles of the programs, and the
 * database. The owner is not a superuser, so that it has no rights outside its database. Safe to repeat,
 * also after an interruption.
 *
 * @param ownerUrl the URL with which the owner connects.
 * @throws the error of the connection, while Postgres starts.
 */
export async function prepareCluster(ownerUrl: string): Promise<void> {
  const superuser = new URL(superuserUrl(ownerUrl));
  const server = withDatabase(superuser.href, 'postgres');
  const owner = await connected(server, (sql) => createMissing(sql, ownerUrl)).catch(
    async (error: unknown) => {
      if (errorCode(error) !== LOGIN_REFUSED) throw error;
      await renameSuperuser(ownerUrl, superuser.password);
      return await connected(server, (sql) => createMissing(sql, ownerUrl));
    },
  );
  if (owner !== OWNER) await connected(superuser.href, giveToOwner);
}

/** Creates the roles and the database. @returns the name of the database's owner. */
async function createMissing(sql: postgres.Sql, ownerUrl: string): Promise<string> {
  const urls = [
    ownerUrl,
    ...(['server', 'worker', 'operator'] as const).map((role) => urlOfRole(ownerUrl, role)),
  ];
  const rows = await sql<{ name: string; login: boolean }[]>`
    SELECT rolname AS name, rolcanlogin AS login FROM pg_roles`;
  const logins = new Map(rows.map(({ name, login }) => [name, login]));
  for (const { username, password } of urls.map((url) => new URL(url))) {
    const login = logins.get(username);
    if (login === true) continue;
    const verb = login === undefined ? 'CREATE' : 'ALTER';
    await sql.unsafe(`${verb} ROLE ${username} LOGIN PASSWORD '${password}'`);
  }
  if (logins.has(RENAMER)) await sql.unsafe(`DROP ROLE ${RENAMER}`);
  const [database] = await sql<{ owner: string }[]>`
    SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = ${DATABASE}`;
  if (database === undefined) await sql.unsafe(`CREATE DATABASE ${DATABASE} OWNER ${OWNER}`);
  return database?.owner ?? OWNER;
}

/**
 * Prepares a cluster of an earlier version, whose first superuser has the owner's name. Postgres does not
 * let the first superuser lose its rights, so that it gets another name, and a new owner takes the old one.
 */
async function renameSuperuser(ownerUrl: string, password: string): Promise<void> {
  const earlier = withDatabase(ownerUrl, 'postgres');
  await connected(earlier, async (sql) => {
    await sql.unsafe(`DROP ROLE IF EXISTS ${RENAMER}`);
    await sql.unsafe(`CREATE ROLE ${RENAMER} SUPERUSER LOGIN PASSWORD '${password}'`);
  });
  const renamer = new URL(earlier);
  renamer.username = RENAMER;
  renamer.password = password;
  await connected(renamer.href, (sql) =>
    sql.unsafe(`
      BEGIN;
      ALTER ROLE ${OWNER} RENAME TO ${SUPERUSER};
      ALTER ROLE ${SUPERUSER} PASSWORD '${password}';
      COMMIT`),
  );
}

/** Makes the owner the owner of the database and of everything in it. */
async function giveToOwner(sql: postgres.Sql): Promise<void> {
  await sql.unsafe(`
    DO $$
    DECLARE
      statement text;
    BEGIN
      FOR statement IN
        SELECT format('ALTER TABLE %s OWNER TO ${OWNER}', oid::regclass) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
        UNION ALL
        SELECT format('ALTER ROUTINE %s OWNER TO ${OWNER}', oid::regprocedure) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
        UNION ALL
        SELECT 'ALTER DATABASE ${DATABASE} OWNER TO ${OWNER}'
      LOOP
        EXECUTE statement;
      END LOOP;
    END $$`);
}

async function connected<T>(url: string, work: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: ANSWER_LIMIT_S,
    onnotice: () => {},
    // A connection that breaks while the library queries types would end the process (src/storage/database.ts).
    fetch_types: false,
  });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
