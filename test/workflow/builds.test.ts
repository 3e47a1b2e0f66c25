import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { urlOfRole } from '../../sandbox/database-url.ts';
import type { Environment } from '../../src/process/config.ts';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { DATA_CONVERTER } from '../support/data-converter.ts';
import { testEnvironment } from '../support/environment.ts';
import { eventually } from '../support/eventually.ts';
import { ENCRYPTION_KEYS, HASH_SECRET } from '../support/organization.ts';
import { startWorkerProcess, type TestProcess } from '../support/server-process.ts';
import { createWorld, type World } from '../support/world.ts';

/*
 * A deployment: build A has orders open, build B with a changed workflow starts next to it, and A is drained.
 * Each build is a worker process of its own, as in production. Only these two serve the task queue.
 */

const [A, B] = ['1.0.0+build-a', '1.1.0+build-b'];
const ORDERS = 3;
/** The workflows of B: an additional command, behind a patch. */
const CHANGED = `
import { condition, patched } from '@temporalio/workflow';
import { order as earlier } from './order.js';
export { orderNews } from './order-news.js';
export { webhookDelivery } from './webhook-delivery.js';
export async function order(input) {
  if (patched('build-b')) await condition(() => false, 1);
  return await earlier(input);
}
`;

let world: World;
let temporal: Connection;
let workflows: Client['workflow'];
let folder: string;
let workerEnv: Environment;
const processes: TestProcess[] = [];

beforeAll(async () => {
  world = await createWorld();
  const { taskQueue } = world.worker;
  // The processes of the test are the only workers; `close` finds nothing left to stop.
  await world.worker.stop();
  world.worker = { ...world.worker, stop: async () => {} };
  temporal = await Connection.connect({ address: inject('temporal').address });
  workflows = new Client({ connection: temporal, dataConverter: DATA_CONVERTER }).workflow;
  folder = await mkdtemp(path.join(path.dirname(inject('compiled')), 'build-b-'));
  await cp(inject('compiled'), folder, { recursive: true });
  await writeFile(path.join(folder, 'src/workflows/all.js'), CHANGED);
  workerEnv = testEnvironment({
    DATABASE_URL: urlOfRole(world.db.url, 'worker'),
    TEMPORAL_ADDRESS: inject('temporal').address,
    TEMPORAL_TASK_QUEUE: taskQueue,
    DOCUMENTS_DIR: await mkdtemp(path.join(os.tmpdir(), 'rx-documents-')),
    ...{ HASH_SECRET, ENCRYPTION_KEYS },
    ...{ WEBHOOK_DESTINATIONS: 'loopback', RETRY_INITIAL_MS: '200', RETRY_MAX_MS: '500' },
    LOG_LEVEL: 'error',
    // No polls while the test runs: the pharmacy's webhooks complete the orders.
    POLL_INITIAL_MS: '3600000',
  });
});

afterAll(async () => {
  for (const each of processes) await each.kill();
  await temporal?.close();
  await world?.close();
  await rm(folder, { recursive: true, force: true });
  await rm(workerEnv.DOCUMENTS_DIR ?? '', { recursive: true, force: true });
});

async function start(buildId: string, programs?: string): Promise<TestProcess> {
  const worker = await startWorkerProcess({ workerEnv }, { BUILD_ID: buildId }, programs);
  processes.push(worker);
  return worker;
}

const place = (pharmacyId: string) =>
  Promise.all(Array.from({ length: ORDERS }, () => world.place(pharmacyId)));

async function historyOf(orderId: string) {
  const { events } = await workflows.getHandle(orderWorkflowId(orderId)).fetchHistory();
  return events ?? [];
}

/** The builds that ran an order's workflow tasks, in their order. */
async function buildsOf(orderId: string): Promise<string[]> {
  const builds = (await historyOf(orderId)).map(
    (event) => event.workflowTaskCompletedEventAttributes?.workerVersion?.buildId ?? '',
  );
  return builds.filter((build) => build !== '');
}

it('drains build A next to build B: every order ends once, and histories show both builds', {
  timeout: 60_000,
}, async () => {
  const a = await start(A);
  const waiting = await place('pharmacy-manual');
  const placing = await place('pharmacy-down');
  for (const orderId of waiting) await world.reach(orderId, 'AWAITING_COMPLETION');
  for (const orderId of placing) await world.reach(orderId, 'PLACING');

  const b = await start(B, folder);
  const during: string[] = [];
  await eventually('build B has started an order', async () => {
    const some = await place('pharmacy-manual');
    during.push(...some);
    for (const orderId of some) await world.reach(orderId, 'AWAITING_COMPLETION');
    return (await Promise.all(some.map(buildsOf))).some(([first]) => first === B);
  });

  // A is drained while its orders wait at pharmacies, and while others are in the middle of a step.
  process.kill(a.pid, 'SIGTERM');
  expect(await a.ended).toBe(0);
  const after = await place('pharmacy-manual');
  await world.simulator.control('POST', 'pharmacies/pharmacy-down', { up: true });
  for (const orderId of after) await world.reach(orderId, 'AWAITING_COMPLETION');
  for (const orderId of [...waiting, ...during, ...after]) {
    await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
  }

  const all = [...waiting, ...placing, ...during, ...after];
  for (const orderId of all) {
    await world.reach(orderId, 'COMPLETED');
    expect(await world.simulator.ledgerOf(orderId)).toHaveLength(1);
    await workflows.getHandle(orderWorkflowId(orderId)).result();
  }
  for (const orderId of [...waiting, ...placing]) {
    const builds = await buildsOf(orderId);
    expect([builds[0], builds.at(-1)]).toEqual([A, B]);
  }
  for (const orderId of after) expect(new Set(await buildsOf(orderId))).toEqual(new Set([B]));
  // No step failed because of the deployment, and none lost its worker.
  for (const event of (await Promise.all(all.map(historyOf))).flat()) {
    expect(event.attributes).not.toBe('activityTaskTimedOutEventAttributes');
  }
  process.kill(b.pid, 'SIGTERM');
  expect(await b.ended).toBe(0);
});
