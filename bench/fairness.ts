import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startStack } from '../sandbox/stack.ts';
import { openDatabase } from '../src/storage/database.ts';
import { testEnvironment } from '../test/support/environment.ts';
import { examplePlaceOrder } from '../test/support/example.ts';

// Measures how long one organization's order takes while workers process a burst of another, compared
// with its time alone. It runs the whole stack over HTTP, with the pharmacy. Machines differ and are
// noisy, so the result is a ratio, on the last line.

const BACKLOG = 1_000;
const CLIENTS = 16;
const SINGLES = 7;
const LOOK_MS = 20;

const ALONE = { key: 'OTHER_SECRET_KEY', caseId: '223e4567-e89b-12d3-a456-426614174000' };
const BURST = { key: 'YOUR_SECRET_KEY', caseId: '123e4567-e89b-12d3-a456-426614174000' };

const dataDir = await mkdtemp(path.join(os.tmpdir(), 'rx-bench-'));
const stack = await startStack({
  dataDir,
  ports: 'free',
  env: testEnvironment({ LOG_LEVEL: 'warn' }),
  log: { write: () => true },
  news: process.stderr,
});
try {
  for (let n = 0; n < 3; n += 1) await complete(ALONE); // warms up
  const alone = await repeat(() => complete(ALONE));
  const start = performance.now();
  await placeMany(BURST, BACKLOG);
  console.log(`${BACKLOG} orders accepted in ${seconds(start)} s`);
  const leftAtFirst = await backlog();
  const beside = await repeat(() => complete(ALONE));
  const backlogLeft = await backlog();
  console.log(`alone, ms: ${alone.join(' ')}`);
  console.log(`during the backlog, ms: ${beside.join(' ')}`);
  console.log(`backlog: ${leftAtFirst} orders before, ${backlogLeft} after`);
  const [aloneMs, besideBacklogMs] = [median(alone), median(beside)];
  const fairness = Number((besideBacklogMs / aloneMs).toFixed(2));
  console.log(JSON.stringify({ aloneMs, besideBacklogMs, fairness, backlogLeft }));
} finally {
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
}

interface Client {
  readonly key: string;
  readonly caseId: string;
}

/** Measures the milliseconds from sending an order to reading its completion. */
async function complete(client: Client): Promise<number> {
  const start = performance.now();
  const orderId = await place(client);
  for (;;) {
    const response = await call(client, `/orders/${orderId}`);
    const { data } = (await response.json()) as { data: { order: { status: string } } };
    if (data.order.status === 'COMPLETED') return Math.round(performance.now() - start);
    await sleep(LOOK_MS);
  }
}

async function place(client: Client): Promise<string> {
  const { idempotencyKey: _, ...request } = examplePlaceOrder();
  const response = await call(client, '', JSON.stringify(request));
  if (response.status !== 200) throw new Error(`placing an order: ${response.status}`);
  return ((await response.json()) as { data: { order: { id: string } } }).data.order.id;
}

async function placeMany(client: Client, count: number): Promise<void> {
  let left = count;
  const placeInTurn = async () => {
    while ((left -= 1) >= 0) await place(client);
  };
  await Promise.all(Array.from({ length: CLIENTS }, placeInTurn));
}

function call({ key, caseId }: Client, route: string, body?: string): Promise<Response> {
  return fetch(`${stack.baseUrl}/api/v1/cases/${caseId}${route}`, {
    headers: { 'cv-api-key': key, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body }),
  });
}

/** Counts the orders that have not ended. */
async function backlog(): Promise<number> {
  const database = openDatabase(stack.databaseUrl, 1);
  const [row] = await database<{ open: number }[]>`
    SELECT count(*)::int AS open FROM orders WHERE status <> 'COMPLETED'`;
  await database.end();
  return row?.open ?? 0;
}

async function repeat(run: () => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < SINGLES; n += 1) times.push(await run());
  return times;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function seconds(start: number): string {
  return ((performance.now() - start) / 1_000).toFixed(1);
}
