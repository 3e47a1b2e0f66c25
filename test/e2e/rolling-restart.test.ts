import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { dataConverterOf } from '../support/data-converter.ts';
import { type PlacedAnswer, placeOrder } from '../support/order-load.ts';
import {
  type ServerProcess,
  startServer,
  startWorkerProcess,
  type TestProcess,
} from '../support/server-process.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/*
 * A rolling restart under load: two servers and two workers are restarted with SIGTERM one after the other,
 * while clients place orders and switch to the other server when one refuses.
 */

const CLIENTS = 4;
const ROUNDS = 2;
const PAUSE_MS = 2_000;

let test: TestStack;
let temporal: Connection;
let server: ServerProcess;
let worker: TestProcess;
beforeAll(async () => {
  test = await startTestStack();
  temporal = await Connection.connect({ address: test.stack.temporalAddress });
  [server, worker] = await Promise.all([startServer(test.stack), startWorkerProcess(test.stack)]);
});
afterAll(async () => {
  await worker?.kill();
  await server?.kill();
  await temporal?.close();
  await test?.close();
});

/** Returns whether a client accepts an answer or repeats the request. */
function isToRetry(answer: PlacedAnswer): boolean {
  return answer.kind === 'refused' || (answer.kind === 'answered' && answer.status === 503);
}

async function stop(one: TestProcess): Promise<void> {
  process.kill(one.pid, 'SIGTERM');
  expect(await one.ended).toBe(0);
}

/** The stack restarts its own processes after they stop. */
async function restartOfStack(part: 'server' | 'worker'): Promise<void> {
  expect(test.stack.kill(part, 'SIGTERM')).toBe(true);
  await sleep(2_000);
}

it('lets every request succeed after retries of the client, and fails no activity', {
  timeout: 300_000,
}, async () => {
  let retried = 0;
  const accepted: string[] = [];
  const others: PlacedAnswer[] = [];
  let stopped = false;
  const client = async (_: unknown, number: number) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = number; !stopped; ) {
      const key = randomUUID();
      for (;;) {
        const url = turn % 2 === 0 ? test.stack.baseUrl : server.url;
        const answer = await placeOrder(url, agent, key);
        if (answer.kind === 'answered' && answer.status === 200) {
          accepted.push(answer.body.data!.order.id);
          break;
        }
        if (!isToRetry(answer)) {
          others.push(answer);
          break;
        }
        retried += 1;
        turn += 1;
        await sleep(50);
      }
      await sleep(PAUSE_MS);
    }
    agent.destroy();
  };
  const clients = Array.from({ length: CLIENTS }, client);

  for (let round = 0; round < ROUNDS; round += 1) {
    await sleep(1_000);
    await stop(server);
    server = await startServer(test.stack);
    await stop(worker);
    worker = await startWorkerProcess(test.stack);
    await restartOfStack('server');
    await restartOfStack('worker');
  }
  stopped = true;
  await Promise.all(clients);

  expect(others).toEqual([]);
  expect(accepted.length).toBeGreaterThan(CLIENTS * ROUNDS);
  expect(new Set(accepted).size).toBe(accepted.length);
  const dataConverter = dataConverterOf(test.stack.env['ENCRYPTION_KEYS']);
  const workflows = new Client({ connection: temporal, dataConverter }).workflow;
  for (const orderId of accepted) {
    expect(await test.end(orderId)).toMatchObject({ status: 'COMPLETED' });
    expect(await test.ledgerOf(orderId)).toHaveLength(1);
    await workflows.getHandle(orderWorkflowId(orderId)).result();
    const { events } = await workflows.getHandle(orderWorkflowId(orderId)).fetchHistory();
    for (const event of events ?? []) {
      expect(event.attributes).not.toBe('activityTaskTimedOutEventAttributes');
      const before = event.activityTaskStartedEventAttributes?.lastFailure;
      expect(before?.timeoutFailureInfo ?? undefined).toBeUndefined();
    }
  }
  console.log(
    `${accepted.length} orders accepted during ${ROUNDS * 4} restarts; ${retried} requests sent again, 0 failed`,
  );
});
