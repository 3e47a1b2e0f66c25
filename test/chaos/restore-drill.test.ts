import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { preparePostgres } from '../../sandbox/postgres.ts';
import { prepareCluster } from '../../sandbox/postgres-roles.ts';
import { startReaper } from '../../sandbox/reaper.ts';
import { createRunCommand } from '../../sandbox/run-command.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { createRx } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { examplePlaceOrder } from '../support/example.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/*
 * The drill: a backup while orders are processed, the loss of Postgres, Temporal and all documents, and a restore into empty
 * ones. Pharmacies keep what they have, and clients repeat the requests that came after the backup.
 */

const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';
const HEADERS = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };
const BEFORE = 40;
const AFTER = 20;

let test: TestStack;
let backups: string;
beforeAll(async () => {
  backups = await mkdtemp(path.join(os.tmpdir(), 'rx-backup-'));
  test = await startTestStack({ RECONCILE_EVERY_MS: '1000', POLL_INITIAL_MS: '1000' });
});
afterAll(async () => {
  await test.close();
  await rm(backups, { recursive: true, force: true });
});

async function get(route: string) {
  const response = await fetch(test.stack.baseUrl + route, { headers: HEADERS });
  return {
    status: response.status,
    json: (await response.json()) as ReturnType<typeof JSON.parse>,
  };
}

/** Places an order, or repeats its request. */
async function place(pharmacyId: string, idempotencyKey: string): Promise<string> {
  const { order, ...rest } = examplePlaceOrder();
  const body = JSON.stringify({ ...rest, idempotencyKey, order: { ...order, pharmacyId } });
  const headers = { ...HEADERS, 'idempotency-mode': 'replay' };
  const response = await fetch(test.stack.baseUrl + CASE, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
  return ((await response.json()) as { data: { order: { id: string } } }).data.order.id;
}

/** The ids of all events that a reader of the list gets. */
async function allEvents(): Promise<string[]> {
  const ids: string[] = [];
  for (let after = ''; ; ) {
    const { json } = await get(`/api/v1/events?limit=100${after}`);
    ids.push(...json.data.events.map(({ id }: { id: string }) => id));
    if (json.data.nextCursor === null) return ids;
    after = `&after=${json.data.nextCursor}`;
  }
}

/** Deletes all data of Postgres, Temporal and the store of documents. The simulator's pharmacies keep theirs. */
function loseEverything(): void {
  for (const folder of ['postgres', 'temporal', 'documents']) {
    rmSync(path.join(test.dataDir, folder), { recursive: true, force: true });
    mkdirSync(path.join(test.dataDir, folder), { mode: 0o700 });
  }
}

/** Runs a new, empty Postgres in the folder of the stack. */
async function withEmptyPostgres(use: () => Promise<void>): Promise<void> {
  const { port, password } = new URL(test.stack.databaseUrl);
  const reaper = await startReaper();
  const part = await preparePostgres({
    ...{ folder: path.join(test.dataDir, 'postgres'), port: Number(port), password },
    ...{ env: process.env, run: createRunCommand(reaper), signal: new AbortController().signal },
  });
  const { command, args, uid, gid } = part;
  const as = uid === undefined ? {} : { uid, gid };
  const child = spawn(command, args, { stdio: 'ignore', ...as });
  try {
    await eventually('Postgres answers', () =>
      prepareCluster(test.stack.databaseUrl).then(
        () => true,
        () => false,
      ),
    );
    await use();
  } finally {
    child.kill('SIGINT');
    await once(child, 'exit');
    await reaper.close();
  }
}

it(`restores ${BEFORE} orders into empty servers, and ${AFTER} repeated requests reach no pharmacy twice`, {
  timeout: 8 * 60_000,
}, async () => {
  const kinds = ['pharmacy-123', 'pharmacy-manual', 'pharmacy-down', 'pharmacy-nobody-knows'];
  const orders = new Map<string, string>();
  const placeMany = async (from: number, to: number, pharmacies: readonly string[]) => {
    for (let n = from; n < to; n += 1) {
      const pharmacyId = pharmacies[n % pharmacies.length] ?? '';
      orders.set(await place(pharmacyId, `drill-${n}`), pharmacyId);
    }
  };
  await placeMany(0, BEFORE / 2, kinds);
  const [first = ''] = orders.keys();
  expect((await test.end(first)).documents.length).toBeGreaterThan(0);

  const folder = path.join(backups, 'backup');
  const env = { ...test.stack.env, DATABASE_URL: '', DATA_DIR: test.dataDir };
  const [made] = await Promise.all([
    createRx('')(['backup', 'create', folder, '--json'], {
      env: { ...env, HASH_SECRET: '', ENCRYPTION_KEYS: '' },
    }),
    placeMany(BEFORE / 2, BEFORE, kinds),
  ]);
  expect(made).toMatchObject({ code: 0 });
  const saved: number = made.json.backup.orders;
  expect(saved).toBeGreaterThanOrEqual(BEFORE / 2);
  const events = await allEvents();

  // These come after the backup. The pharmacy has them, and Postgres will not.
  const lost: [number, string][] = [];
  for (let n = BEFORE; n < BEFORE + AFTER; n += 1)
    lost.push([n, await place('pharmacy-manual', `drill-${n}`)]);
  for (const [, id] of lost) {
    await eventually(
      'the pharmacy has it',
      async () => (await test.get(id)).status === 'AWAITING_COMPLETION',
    );
  }

  await test.stack.killAll();
  loseEverything();
  await withEmptyPostgres(async () => {
    const owner = test.stack.databaseUrl;
    await migrate(owner);
    const { HASH_SECRET = '', ENCRYPTION_KEYS = '' } = test.stack.env;
    const documents = { DOCUMENTS_DIR: path.join(test.dataDir, 'documents') };
    const rx = (args: string[], secrets = { HASH_SECRET, ENCRYPTION_KEYS }) =>
      createRx(owner)(args, { env: { ...documents, ...secrets } });
    const other = { HASH_SECRET: 'another-hash-secret-of-32-letters-or-more', ENCRYPTION_KEYS };
    expect(await rx(['restore', 'load', folder], other)).toMatchObject({ code: 1 });
    const loaded = await rx(['restore', 'load', folder, '--json']);
    expect(loaded).toMatchObject({ code: 0, json: { backup: { orders: saved } } });
    expect(await rx(['restore', 'load', folder])).toMatchObject({ code: 1 });
  });
  await test.restart();
  await test.control('pharmacies/pharmacy-down', { up: true });

  // Clients repeat what they have no end of: they get the ids that they had.
  for (const [id, pharmacyId] of orders) {
    const n = [...orders.keys()].indexOf(id);
    expect(await place(pharmacyId, `drill-${n}`)).toBe(id);
  }
  for (const [n, id] of lost) expect(await place('pharmacy-manual', `drill-${n}`)).toBe(id);
  const manual = [...orders].filter(([, pharmacyId]) => pharmacyId === 'pharmacy-manual');
  for (const [id] of [...manual, ...lost.map(([, each]) => [each])]) {
    await eventually(
      `${id} is at the pharmacy`,
      async () => (await test.get(id ?? '')).status === 'AWAITING_COMPLETION',
      90_000,
    );
    await test.control(`orders/${id}/advance`, { to: 'completed' });
  }

  let documents = 0;
  for (const [id, pharmacyId] of [
    ...orders,
    ...lost.map(([, each]) => [each, 'pharmacy-manual'] as const),
  ]) {
    const order = await test.end(id);
    const isKnown = pharmacyId !== 'pharmacy-nobody-knows';
    expect({ id, status: order.status }).toEqual({
      id,
      status: isKnown ? 'COMPLETED' : 'NEEDS_ATTENTION',
    });
    expect(await test.ledgerOf(id)).toHaveLength(isKnown ? 1 : 0);
    for (const document of order.documents) {
      const file = await fetch(
        `${test.stack.baseUrl}${CASE}/orders/${id}/documents/${document.id}`,
        { headers: HEADERS },
      );
      expect(file.status).toBe(200);
      expect((await file.arrayBuffer()).byteLength).toBe(document.size);
      documents += 1;
    }
  }
  const listed = await allEvents();
  expect(listed.length).toBeGreaterThan(events.length / 2);
  expect(new Set(listed).size).toBe(listed.length);
  const rx = createRx(test.stack.databaseUrl);
  const verified = await eventually('the audit log is sealed', async () => {
    const result = await rx(['audit', 'verify', '--json']);
    return result.json.verification.problem === null && result;
  });
  expect(verified.json.verification.rows).toBeGreaterThan(saved);
  process.stderr.write(
    `${JSON.stringify({ orders: BEFORE + AFTER, saved, repeated: AFTER, lost: 0, duplicated: 0, documents, missingDocuments: 0 })}\n`,
  );
});
