import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { OWNER, SUPERUSER, superuserUrl } from '../../sandbox/database-url.ts';
import { PROJECT } from '../../sandbox/folders.ts';
import { freePorts } from '../../sandbox/ports.ts';
import { identify } from '../../sandbox/process-table.mjs';
import { openDatabase } from '../../src/storage/database.ts';
import { testEnvironment } from '../support/environment.ts';

// `npm start` as a user runs it: started on one data folder, killed, and started again.

const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';
const KEY = { 'cv-api-key': 'YOUR_SECRET_KEY' };
const EXAMPLE = JSON.parse(
  readFileSync(path.join(PROJECT, 'sandbox/place-order.example.json'), 'utf8'),
) as object;

let dataDir = '';
let env: NodeJS.ProcessEnv = {};
const started: ChildProcess[] = [];

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'rx-stack-'));
  const ports = Object.entries(await freePorts()).map(([name, port]) => [name, String(port)]);
  env = { ...process.env, ...Object.fromEntries(ports), DATA_DIR: dataDir };
});

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) await killTree(child.pid ?? 0);
  }
});

afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

interface Started {
  readonly pid: number;
  /** Resolves with the address in the `ready` line; rejects when the program ends before that. */
  readonly ready: Promise<string>;
  /** Resolves with the exit code and the text on stderr. */
  readonly ended: Promise<{ code: number | null; said: string }>;
}

function start(more: NodeJS.ProcessEnv = {}): Started {
  const child = spawn(process.execPath, ['--import', 'tsx', 'sandbox/start.ts'], {
    cwd: PROJECT,
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, said }));
  });
  const ready = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready ')) resolve(line.slice('ready '.length));
    });
    child.once('close', () => reject(new Error(`the stack ended before it was ready:\n${said}`)));
  });
  ready.catch(() => undefined);
  return { pid: child.pid ?? 0, ready, ended };
}

/** Returns the pids of a process and all its descendants. */
function tree(root: number): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const pids = [root];
  for (const above of pids) {
    for (const [pid, parent] of table) if (parent === above && pid !== undefined) pids.push(pid);
  }
  return pids;
}

async function killTree(root: number): Promise<void> {
  const pids = tree(root);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process ended together with its parent.
    }
  }
  await gone(pids);
}

/** Resolves when none of these processes runs; rejects when one still does after 15 s. */
async function gone(pids: readonly number[]): Promise<void> {
  const limit = Date.now() + 15_000;
  for (;;) {
    const left = pids.filter((pid) => identify(pid) !== undefined);
    if (left.length === 0) return;
    if (Date.now() > limit) throw new Error(`left behind: ${left.join(', ')}`);
    await sleep(50);
  }
}

/** Runs `rx` with DATA_DIR as its only setting; returns its output as JSON. */
async function rx(...args: readonly string[]): Promise<ReturnType<typeof JSON.parse>> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'src/cli.ts', ...args, '--json'],
    { cwd: PROJECT, env: testEnvironment({ DATA_DIR: dataDir }) },
  );
  expect(stderr).toContain(`using the sandbox ${dataDir} at 127.0.0.1:${env.POSTGRES_PORT}`);
  return JSON.parse(stdout);
}

async function place(baseUrl: string): Promise<string> {
  const answer = await fetch(`${baseUrl}${CASE}`, {
    method: 'POST',
    headers: { ...KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ ...EXAMPLE, idempotencyKey: randomUUID() }),
  });
  expect(answer.status).toBe(200);
  const body = (await answer.json()) as { data: { order: { id: string } } };
  return body.data.order.id;
}

async function completed(baseUrl: string, orderId: string): Promise<void> {
  const limit = Date.now() + 40_000;
  for (;;) {
    const answer = await fetch(`${baseUrl}${CASE}/orders/${orderId}`, { headers: KEY });
    const body = (await answer.json()) as { data?: { order: { status: string } } };
    if (body.data?.order.status === 'COMPLETED') return;
    if (Date.now() > limit) throw new Error(`the order is ${body.data?.order.status}`);
    await sleep(100);
  }
}

test('completes an order, serves rx, refuses a second start, and leaves no process after Ctrl-C', async () => {
  const stack = start();
  const baseUrl = await stack.ready;
  expect(baseUrl).toBe(`http://127.0.0.1:${env.PORT}`);
  const orderId = await place(baseUrl);
  await completed(baseUrl, orderId);

  // Reads Postgres and Temporal, and decrypts the payloads.
  expect((await rx('order', 'history', orderId)).history).toContainEqual(
    expect.objectContaining({ event: 'activityTaskScheduled', about: 'fetchDocuments' }),
  );
  // A key works only when rx and the server hash it with the same secret.
  const organization = ['--org', '0198a000-0000-7000-8000-000000000001'];
  const { apiKey } = await rx(
    ...['key', 'create', ...organization, '--name', 'x', '--scopes', 'orders:read'],
  );
  const read = await fetch(`${baseUrl}${CASE}/orders/${orderId}`, {
    headers: { 'cv-api-key': apiKey },
  });
  expect(read.status).toBe(200);
  expect(statSync(path.join(dataDir, 'connection.json')).mode & 0o777).toBe(0o600);

  const second = await start().ended;
  expect(second.code).toBe(1);
  expect(second.said).toBe(
    `process ${stack.pid} already runs a sandbox on DATA_DIR ${dataDir}; stop that process, or set DATA_DIR to another folder\n`,
  );

  const pids = tree(stack.pid);
  expect(pids.length).toBeGreaterThan(6);
  process.kill(stack.pid, 'SIGINT');
  expect(await stack.ended).toMatchObject({ code: 0 });
  await gone(pids);
});

/** Returns the URL of the owner of the sandbox's database. */
function ownerUrl(): string {
  const secrets = readFileSync(path.join(dataDir, 'secrets.json'), 'utf8');
  const { postgresPassword } = JSON.parse(secrets) as { postgresPassword: string };
  return `postgres://${OWNER}:${postgresPassword}@127.0.0.1:${env.POSTGRES_PORT}/rx_orders`;
}

/** Gives the running cluster the roles of earlier versions: its first superuser owns the database. */
async function makeEarlierCluster(): Promise<void> {
  const renamer = new URL(ownerUrl());
  renamer.username = 'renamer';
  const superuser = openDatabase(superuserUrl(ownerUrl()), 1);
  await superuser.unsafe(`
    REASSIGN OWNED BY ${OWNER} TO ${SUPERUSER};
    DROP OWNED BY ${OWNER};
    DROP ROLE ${OWNER};
    CREATE ROLE renamer SUPERUSER LOGIN PASSWORD '${renamer.password}'`);
  await superuser.end();
  const database = openDatabase(renamer.href, 1);
  await database.unsafe(`
    ALTER ROLE ${SUPERUSER} RENAME TO ${OWNER};
    ALTER ROLE ${OWNER} PASSWORD '${renamer.password}'`);
  await database.end();
}

async function rightsOfOwner() {
  const database = openDatabase(ownerUrl(), 1);
  const rows = await database`
    SELECT rolsuper AS superuser, (SELECT array_agg(DISTINCT tableowner::text) FROM pg_tables
      WHERE schemaname = 'public') AS owners FROM pg_roles WHERE rolname = current_user`;
  await database.end();
  return rows[0];
}

test('keeps every order when the whole tree is killed, and completes those in flight, also in a folder of an earlier version', async () => {
  const first = start();
  const baseUrl = await first.ready;
  const done = await place(baseUrl);
  await completed(baseUrl, done);
  const inFlight = await Promise.all([place(baseUrl), place(baseUrl), place(baseUrl)]);
  await makeEarlierCluster();
  expect(await rightsOfOwner()).toMatchObject({ superuser: true });
  await killTree(first.pid);

  const second = start();
  await second.ready;
  expect(await rightsOfOwner()).toEqual({ superuser: false, owners: [OWNER] });
  for (const orderId of [done, ...inFlight]) await completed(baseUrl, orderId);
  process.kill(second.pid, 'SIGTERM');
  expect((await second.ended).code).toBe(0);
});

test('leaves no process when only the program itself is killed, and can start again', async () => {
  const first = start();
  await first.ready;
  const pids = tree(first.pid);
  process.kill(first.pid, 'SIGKILL');
  // Starts immediately: the processes that are still ending must not disturb the new start.
  const second = start();
  await second.ready;
  await gone(pids);
  process.kill(second.pid, 'SIGHUP');
  expect((await second.ended).code).toBe(0);
});

test('ends when the npm that started it through a shell is killed', async () => {
  const command = `"${process.execPath}" --import tsx sandbox/start.ts; :`;
  const program = `require('node:child_process').spawn('sh', ['-c', ${JSON.stringify(command)}],
    { stdio: 'inherit', env: { ...process.env, npm_lifecycle_event: 'start' } })`;
  const npm = spawn(process.execPath, ['-e', program], {
    cwd: PROJECT,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  started.push(npm);
  await new Promise<void>((resolve) => {
    createInterface({ input: npm.stdout }).on('line', (line) => {
      if (line.startsWith('ready ')) resolve();
    });
  });
  const pids = tree(npm.pid ?? 0);
  expect(pids.length).toBeGreaterThan(7);
  npm.kill('SIGKILL');
  await gone(pids);
});

test('stops immediately when it is stopped during the start', async () => {
  const stack = start();
  while (tree(stack.pid).length < 4) await sleep(20);
  const pids = tree(stack.pid);
  process.kill(stack.pid, 'SIGTERM');
  expect(await stack.ended).toMatchObject({ code: 0 });
  await gone(pids);
});

test.each([
  [
    'a database of the user’s',
    { DATABASE_URL: 'postgres://127.0.0.1/real' },
    /^DATABASE_URL is set/,
  ],
  ['a malformed port', { PORT: 'http' }, /^PORT must be a port/],
  ['a malformed time', { POLL_INITIAL_MS: 'soon' }, /POLL_INITIAL_MS/],
  ['an unreachable Temporal server', { TEMPORAL_ADDRESS: '127.0.0.1:1' }, /^no Temporal server/m],
  [
    'a folder that cannot be created',
    { DATA_DIR: '/dev/null/data' },
    /^DATA_DIR \/dev\/null\/data cannot/,
  ],
  ['a folder below /proc', { DATA_DIR: '/proc/data' }, /^DATA_DIR \/proc\/data cannot/],
  [
    'a file that is not a Temporal binary',
    { TEMPORAL_CLI: '/dev/null' },
    /^TEMPORAL_CLI \/dev\/null/m,
  ],
])('rejects %s with one clear message', async (_what, more, message) => {
  const { code, said } = await start(more).ended;
  expect(code).toBe(1);
  expect(said).toMatch(message);
  expect(said).not.toMatch(/^\s+at /m);
});
