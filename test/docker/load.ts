import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { examplePlaceOrder } from '../support/example.ts';
import { PORTS } from './project.ts';

const BASE = `http://127.0.0.1:${PORTS.PORT}/api/v1/cases`;
const AT_ONCE = 8;
/** How long a client repeats a request whose answer it did not get. */
const LIMIT_MS = 3 * 60_000;

const placedSchema = z.object({ data: z.object({ order: z.object({ id: z.string() }) }) });
const readSchema = z.object({ data: z.object({ order: z.object({ status: z.string() }) }) });

/** Clients that place orders and resend each request, under its key, until it is answered. */
export interface Clients {
  /** The ids of the orders that the API acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  /** How many requests failed and were sent again. */
  readonly resent: number;
  /** Places orders; rejects when one is not acknowledged in time. */
  place(count: number): Promise<void>;
  statusOf(orderId: string): Promise<string | undefined>;
}

export function createClients(apiKey: string, caseId: string): Clients {
  const acknowledged = new Set<string>();
  const headers = { 'cv-api-key': apiKey, 'content-type': 'application/json' };
  let keys = 0;
  let resent = 0;

  async function placeOne(): Promise<void> {
    keys += 1;
    const body = JSON.stringify({ ...examplePlaceOrder(), idempotencyKey: `docker-test-${keys}` });
    const end = Date.now() + LIMIT_MS;
    for (;;) {
      const id = await ask(`${BASE}/${caseId}`, body);
      if (id !== undefined) {
        acknowledged.add(id);
        return;
      }
      if (Date.now() > end) throw new Error(`an order was not acknowledged in ${LIMIT_MS} ms`);
      resent += 1;
      await sleep(250);
    }
  }

  /** Returns the order's id; undefined when the same request may be sent again. */
  async function ask(url: string, body: string): Promise<string | undefined> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(15_000),
      });
      text = await response.text();
    } catch {
      return undefined;
    }
    if (response.status === 200) return placedSchema.parse(JSON.parse(text)).data.order.id;
    // An earlier attempt was stored, and its answer lost.
    if (response.status === 409) return response.headers.get('location')?.split('/').at(-1);
    if (response.status === 429 || response.status >= 500) return undefined;
    throw new Error(`the API answered ${response.status}: ${text}`);
  }

  return {
    acknowledged,
    get resent() {
      return resent;
    },
    async place(count) {
      let left = count;
      const client = async () => {
        while (left > 0) {
          left -= 1;
          await placeOne();
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, client));
    },
    async statusOf(orderId) {
      try {
        const response = await fetch(`${BASE}/${caseId}/orders/${orderId}`, { headers });
        return readSchema.parse(await response.json()).data.order.status;
      } catch {
        return undefined;
      }
    },
  };
}
