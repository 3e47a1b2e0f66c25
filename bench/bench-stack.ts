import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Stack, startStack } from '../sandbox/stack.ts';
import { testEnvironment } from '../test/support/environment.ts';
import { examplePlaceOrder } from '../test/support/example.ts';

const CLIENTS = 16;
const LOOK_MS = 20;

/** An organization of the sandbox, with one of its cases. */
interface Client {
  readonly key: string;
  readonly caseId: string;
}

/** The organization whose orders are measured. */
export const MEASURED: Client = {
  key: 'OTHER_SECRET_KEY',
  caseId: '223e4567-e89b-12d3-a456-426614174000',
};
/** The organization that places many orders. */
export const BUSY: Client = {
  key: 'YOUR_SECRET_KEY',
  caseId: '123e4567-e89b-12d3-a456-426614174000',
};

/** The whole stack, and clients that place orders over HTTP. */
export interface BenchStack {
  readonly stack: Stack;
  /** Measures the milliseconds from sending an order to reading its completion, `times` times in turn. */
  complete(client: Client, times: number, pharmacyId?: string): Promise<number[]>;
  /** Places orders, 16 at a time. */
  placeMany(client: Client, count: number, pharmacyId?: string): Promise<void>;
}

/** Runs a benchmark on a stack of its own, which it stops at the end. */
export async function withBenchStack(run: (bench: BenchStack) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'rx-bench-'));
  const stack = await startStack({
    dataDir,
    ports: 'free',
    env: testEnvironment({ LOG_LEVEL: 'error' }),
    log: { write: () => true },
    news: process.stderr,
  });
  try {
    await run(createBenchStack(stack));
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function createBenchStack(stack: Stack): BenchStack {
  function call({ key, caseId }: Client, route: string, body?: string): Promise<Response> {
    return fetch(`${stack.baseUrl}/api/v1/cases/${caseId}${route}`, {
      headers: { 'cv-api-key': key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
  }

  async function place(client: Client, pharmacyId: string | undefined): Promise<string> {
    const { idempotencyKey: _, order, ...request } = examplePlaceOrder();
    const placed = pharmacyId === undefined ? order : { ...order, pharmacyId };
    const response = await call(client, '', JSON.stringify({ ...request, order: placed }));
    if (response.status !== 200) throw new Error(`placing an order: ${response.status}`);
    return ((await response.json()) as { data: { order: { id: string } } }).data.order.id;
  }

  async function completeOne(client: Client, pharmacyId: string | undefined): Promise<number> {
    const start = performance.now();
    const orderId = await place(client, pharmacyId);
    for (;;) {
      const response = await call(client, `/orders/${orderId}`);
      const { data } = (await response.json()) as { data: { order: { status: string } } };
      if (data.order.status === 'COMPLETED') return Math.round(performance.now() - start);
      await sleep(LOOK_MS);
    }
  }

  return {
    stack,
    async complete(client, times, pharmacyId) {
      const measured: number[] = [];
      for (let n = 0; n < times; n += 1) measured.push(await completeOne(client, pharmacyId));
      return measured;
    },
    async placeMany(client, count, pharmacyId) {
      let left = count;
      const placeInTurn = async () => {
        while ((left -= 1) >= 0) await place(client, pharmacyId);
      };
      await Promise.all(Array.from({ length: CLIENTS }, placeInTurn));
    },
  };
}

/** The median of some measurements. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
