import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';
import { type Stack, type StackOptions, startStack } from '../../sandbox/stack.ts';
import type { OrderView } from '../../src/client.ts';
import { testEnvironment } from './environment.ts';
import { eventually } from './eventually.ts';
import { examplePlaceOrder } from './example.ts';

const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';
const HEADERS = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };

/** A whole stack for one test, which uses it over HTTP like a client. */
export interface TestStack {
  /** The running stack; {@link TestStack.restart} replaces it. */
  stack: Stack;
  readonly dataDir: string;
  /** Places the published example at a pharmacy; repeats the request when its answer was lost. */
  place(pharmacyId: string): Promise<string>;
  get(orderId: string): Promise<OrderView>;
  /** Waits until an order has ended or needs attention, even if processes die in the meantime. */
  end(orderId: string): Promise<OrderView>;
  /** Returns the orders of the pharmacies with this reference. */
  ledgerOf(orderId: string): Promise<{ status: string; asked: number }[]>;
  control(route: string, body: object): Promise<void>;
  /** Starts a new stack on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startTestStack(
  settings: Record<string, string> = {},
  parts: Pick<StackOptions, 'withConsole'> = {},
): Promise<TestStack> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'rx-stack-'));
  const start = () =>
    startStack({
      dataDir,
      ports: 'free',
      env: testEnvironment({ RETRY_MAX_MS: '1000', ...settings }),
      log: { write: () => true },
      news: process.stderr,
      compiled: inject('compiled'),
      ...parts,
    });

  const test: TestStack = {
    stack: await start(),
    dataDir,
    async place(pharmacyId) {
      const request = examplePlaceOrder();
      const body = JSON.stringify({
        ...request,
        idempotencyKey: randomUUID(),
        order: { ...request.order, pharmacyId },
      });
      return await eventually('the order is answered', async () => {
        const headers = { ...HEADERS, 'idempotency-mode': 'replay' };
        const response = await call(CASE, { method: 'POST', headers, body });
        if (response?.status !== 200) return undefined;
        const { data } = (await response.json()) as { data: { order: { id: string } } };
        return data.order.id;
      });
    },
    async get(orderId) {
      const response = await call(`${CASE}/orders/${orderId}`, { headers: HEADERS });
      if (response?.status !== 200) throw new Error(`order: ${response?.status ?? 'no answer'}`);
      return ((await response.json()) as { data: { order: OrderView } }).data.order;
    },
    async end(orderId) {
      const ends = ['COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED', 'NEEDS_ATTENTION'];
      const endedOrder = async () => {
        const order = await test.get(orderId).catch(() => undefined);
        return order !== undefined && ends.includes(order.status) ? order : undefined;
      };
      return await eventually(`${orderId} ends`, endedOrder, 90_000);
    },
    async ledgerOf(orderId) {
      const response = await fetch(`${test.stack.simulatorUrl}/control/ledger`);
      const { orders } = (await response.json()) as {
        orders: { reference: string; status: string; asked: number }[];
      };
      return orders.filter((order) => order.reference === orderId);
    },
    async control(route, body) {
      await fetch(`${test.stack.simulatorUrl}/control/${route}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    },
    async restart() {
      test.stack = await start();
    },
    async close() {
      await test.stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };

  /** Sends a request; returns undefined when the server is unreachable. */
  async function call(route: string, init: RequestInit): Promise<Response | undefined> {
    return await fetch(test.stack.baseUrl + route, {
      ...init,
      signal: AbortSignal.timeout(5_000),
    }).catch(() => undefined);
  }
  return test;
}
