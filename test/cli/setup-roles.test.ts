import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { OWNER, ROLES, superuserUrl, urlOfRole } from '../../sandbox/database-url.ts';
import { findPostgres } from '../../sandbox/postgres-binaries.ts';
import { readOrderRow } from '../../src/activities/order-row.ts';
import { leaseRows } from '../../src/engine/outbox.ts';
import { type Database, openDatabase, type Sql } from '../../src/storage/database.ts';
import { startApp } from '../support/app.ts';
import { createRx } from '../support/cli.ts';
import { createTestDatabase } from '../support/database.ts';
import { createOrganization, ENCRYPTION_KEYS } from '../support/organization.ts';
import { type PostgresCluster, startCluster, urlIn } from '../support/postgres-cluster.ts';
import { withKeysOf } from '../support/sealed-rows.ts';
import { exampleWithoutKey, sendTo } from '../support/test-api.ts';

// `rx setup` in a cluster that has no role and no database of ours. The tests follow a deployment, one after the other.

/** `duplicate_object` and `duplicate_database` (appendix A). */
const EXISTS = ['42710', '42P04'];
const NAMES = Object.values(ROLES);
const PASSWORD_OF_BEFORE = 'a-password-from-before-the-setup';

let cluster: PostgresCluster;
let superuser: Database;
beforeAll(async () => {
  cluster = await startCluster(await findPostgres());
  superuser = openDatabase(urlIn(superuserUrl(cluster.ownerUrl), 'postgres'), 1);
});
afterAll(async () => {
  await superuser.end();
  await cluster.stop();
});

const passwordOf = (url: string) => new URL(url).password;

/** Runs `rx setup` as the owner, with a Temporal that lacks nothing. */
async function setUp(args: readonly string[] = [], env = {}) {
  const rx = createRx(cluster.ownerUrl);
  const settings = { TEMPORAL_ADDRESS: inject('temporal').address, ...env };
  const { code, json, stdout } = await rx(['setup', ...args], { env: settings });
  const steps = (json?.steps ?? []) as { step: string; result: string; message: string }[];
  const of = (name: string) => steps.find(({ step }) => step === name);
  return { code, stdout, of, results: steps.map(({ result }) => result) };
}

/** The owner, and the roles of the programs after it. */
async function rolesOf(sql: Sql): Promise<readonly Record<string, unknown>[]> {
  return await sql`
    SELECT rolname AS name, rolcanlogin AS login, rolpassword IS NOT NULL AS password,
      rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS strong
    FROM pg_authid WHERE rolname IN ${sql([OWNER, ...NAMES])} ORDER BY name`;
}

/** Every right in a database: on tables, columns, functions and rows. */
async function rightsIn(sql: Sql): Promise<readonly string[]> {
  const rows = await sql<{ line: string }[]>`
    SELECT oid::regclass || ' ' || relacl::text AS line FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relacl IS NOT NULL
    UNION ALL SELECT attrelid::regclass || '.' || attname || ' ' || attacl::text FROM pg_attribute
    WHERE attacl IS NOT NULL AND attrelid::regclass::text NOT LIKE 'pg\\_%'
    UNION ALL SELECT oid::regprocedure || ' ' || coalesce(proacl::text, '-') FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT tablename || ' ' || policyname || ' ' || roles::text FROM pg_policies
    UNION ALL SELECT name || ' ' || privilege || ' ' || has_database_privilege(name, current_database(), privilege)
    FROM unnest(${NAMES}::text[]) AS name, unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS privilege
    ORDER BY line`;
  return rows.map(({ line }) => line);
}

describe('rx setup in an empty cluster', () => {
  it('says that an administrator comes first', async () => {
    const { code, results, of } = await setUp(['--json']);
    expect({ code, results }).toMatchObject({ code: 1, results: ['fail', 'ok', 'ok'] });
    expect(of('postgres')?.message).toContain('rx setup --print-sql');
  });

  it('prints what an administrator without the rights of a superuser can run, and repeat', async () => {
    const { stdout } = await setUp(['--print-sql']);
    const statements = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('--'));
    await superuser`CREATE ROLE administrator LOGIN CREATEROLE CREATEDB PASSWORD 'of-the-administrator'`;
    const url = new URL(superuserUrl(cluster.ownerUrl));
    Object.assign(url, { username: 'administrator', password: 'of-the-administrator' });
    const administrator = openDatabase(urlIn(url.href, 'postgres'), 1);
    for (const statement of statements) await administrator.unsafe(statement);

    const created = await rolesOf(superuser);
    // Nobody can log in with a password that this project shows.
    expect(created).toEqual(
      [OWNER, ...NAMES]
        .toSorted()
        .map((name) => ({ name, login: true, password: false, strong: false })),
    );
    const refused: string[] = [];
    for (const statement of statements) {
      await administrator.unsafe(statement).catch(({ code }) => refused.push(code));
    }
    await administrator.end();
    expect(new Set(refused)).toEqual(new Set(EXISTS));
    expect(await rolesOf(superuser)).toEqual(created);

    await superuser.unsafe(`ALTER ROLE ${OWNER} PASSWORD '${passwordOf(cluster.ownerUrl)}'`);
    expect((await setUp(['--dry-run', '--json'])).results).toEqual([
      ...['ok', 'ok', 'ok', 'todo'],
      ...['ok', 'ok'],
    ]);
  });

  it('names the right that the owner lacks to create the roles, and creates none', async () => {
    for (const name of NAMES) await superuser.unsafe(`DROP ROLE ${name}`);
    const { code, results, of } = await setUp(['--json']);
    expect({ code, results }).toEqual({ code: 1, results: ['ok', 'fail', 'ok', 'ok'] });
    expect(of('roles')?.message).toContain('rx_orders lacks the right CREATEROLE');
    expect(of('roles')?.message).toContain('rx setup --print-sql');
    expect(await rolesOf(superuser)).toHaveLength(1);
  });

  it('creates the roles that are missing, and leaves the password of one that can log in', async () => {
    const { ownerUrl } = cluster;
    await superuser.unsafe(`
      ALTER ROLE ${OWNER} CREATEROLE;
      CREATE ROLE ${ROLES.worker} LOGIN PASSWORD '${PASSWORD_OF_BEFORE}'`);
    const env = {
      WORKER_DATABASE_PASSWORD: 'another-password',
      OPERATOR_DATABASE_PASSWORD: passwordOf(urlOfRole(ownerUrl, 'operator')),
    };
    const dry = await setUp(['--dry-run', '--json'], env);
    expect(dry.of('roles')).toMatchObject({
      result: 'todo',
      message: 'create rx_orders_server (no login), rx_orders_operator',
    });
    expect(await rolesOf(superuser)).toHaveLength(2);

    const first = await setUp(['--json'], env);
    expect(first).toMatchObject({ code: 0, results: ['ok', 'done', 'ok', 'done', 'ok', 'ok'] });

    // The password of the server comes later.
    const serverPassword = passwordOf(urlOfRole(ownerUrl, 'server'));
    const second = await setUp(['--json'], { ...env, SERVER_DATABASE_PASSWORD: serverPassword });
    expect(second.of('roles')).toMatchObject({
      result: 'done',
      message: 'gave a login to rx_orders_server',
    });
    const third = await setUp(['--json'], { ...env, SERVER_DATABASE_PASSWORD: 'another-password' });
    expect(third).toMatchObject({ code: 0, results: ['ok', 'ok', 'ok', 'ok', 'ok', 'ok'] });
    expect((await rolesOf(superuser)).slice(1)).toEqual(
      NAMES.toSorted().map((name) => ({ name, login: true, password: true, strong: false })),
    );
  });

  it('gives each role the rights that the tests of the roles expect', async () => {
    const expected = await createTestDatabase();
    const owner = openDatabase(cluster.ownerUrl, 1);
    const [actual, rights] = await Promise.all([rightsIn(owner), rightsIn(expected.database)]);
    await owner.end();
    await expected.drop();
    expect(rights.length).toBeGreaterThan(100);
    expect(actual).toEqual(rights);
  });

  it('lets each program do its part of an order', async () => {
    const { ownerUrl } = cluster;
    const workerUrl = Object.assign(new URL(urlOfRole(ownerUrl, 'worker')), {
      password: PASSWORD_OF_BEFORE,
    }).href;
    const open = (url: string) => openDatabase(url, 2, withKeysOf(ENCRYPTION_KEYS));
    const owner = open(ownerUrl);
    const server = open(urlOfRole(ownerUrl, 'server'));
    const worker = open(workerUrl);
    const organization = await createOrganization(owner);
    const app = await startApp(server);
    const answer = await sendTo(app.url, 'POST', `/api/v1/cases/${organization.caseId}`, {
      headers: { 'cv-api-key': organization.apiKey, 'content-type': 'application/json' },
      body: exampleWithoutKey(),
    });
    const orderId = answer.json.data.order.id as string;
    const { rows } = await leaseRows(worker, 'starts', 1, 60_000);
    const taken = await readOrderRow(worker, orderId);
    await app.close();
    await Promise.all([owner, server, worker].map((pool) => pool.end()));

    expect(answer.status).toBe(200);
    expect(rows).toMatchObject([{ orderId, organizationId: organization.organizationId }]);
    expect(taken).toMatchObject({ id: orderId, status: 'ACCEPTED' });
    const list = await createRx(urlOfRole(ownerUrl, 'operator'))(['order', 'list', '--json']);
    expect(list.json).toMatchObject({ orders: [{ id: orderId }] });
  });
});
