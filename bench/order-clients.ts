import { setTimeout as sleep } from 'node:timers/promises';
import { examplePlaceOrder } from '../test/support/example.ts';
import { time } from './bench-database.ts';

const CLIENTS = 16;
const LOOK_MS = 20;

/** An organization of the sandbox, with one of its cases. */
export interface Client {
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

/** Clients that place orders over HTTP. */
export interface OrderClients {
  /** Measures the milliseconds from sending an order to reading its completion, `times` times in turn. */
  complete(client: Client, times: number, pharmacyId?: string): Promise<number[]>;
  /** Places orders, 16 at a time. @returns the seconds that it took. */
  placeMany(client: Client, count: number, pharmacyId?: string): Promise<number>;
}

/** @param baseUrl the URL of the server. */
export function createOrderClients(baseUrl: string): OrderClients {
  function call({ key, caseId }: Client, route: string, body?: string): Promise<Response> {
    return fetch(`${baseUrl}/api/v1/cases/${caseId}${route}`, {
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
    async complete(client, times, pharmacyId) {
      const measured: number[] = [];
      for (let n = 0; n < times; n += 1) measured.push(await completeOne(client, pharmacyId));
      return measured;
    },
    placeMany: (client, count, pharmacyId) =>
      time({ clients: CLIENTS, runs: count }, () => place(client, pharmacyId)),
  };
}

/** The median of some measurements. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
