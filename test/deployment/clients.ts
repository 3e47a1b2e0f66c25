import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { eventually } from '../support/eventually.ts';
import { examplePlaceOrder } from '../support/example.ts';

/** How long the orders that a test waits for may take. */
const GROW_LIMIT_MS = 3 * 60_000;

const placedSchema = z.object({ data: z.object({ order: z.object({ id: z.string() }) }) });
const orderSchema = z.object({
  status: z.string(),
  documents: z.array(z.object({ id: z.string(), size: z.number() })),
});
const readSchema = z.object({ data: z.object({ order: orderSchema }) });

/** What clients read of an order. */
export type ReadOrder = z.infer<typeof orderSchema>;

/** The options of {@link createClients}. */
export interface ClientOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly caseId: string;
  /** The pharmacies that get the orders, in turn. */
  readonly pharmacies: readonly string[];
  /** How many clients send at the same time. */
  readonly clients: number;
  /** How long a client repeats a request whose answer it did not get. */
  readonly limitMs: number;
  /** Aborts what the clients do. */
  readonly signal: AbortSignal;
}

/** Orders that are placed all the time. */
export interface Flow {
  /** Resolves when further orders are acknowledged; rejects like `place`. */
  grow(orders: number): Promise<void>;
  /** Ends the flow, and waits for its answers. */
  stop(): Promise<void>;
}

/** Clients that place orders and resend each request, under its key, until it is answered with 200. */
export interface Clients {
  /** The id of each order that the API acknowledged, by the number in its idempotency key. */
  readonly acknowledged: ReadonlyMap<number, string>;
  /** How many requests failed and were sent again. */
  readonly resent: number;
  /** Places orders; rejects when one is not acknowledged in time. */
  place(count: number): Promise<void>;
  /**
   * Places orders until it is stopped.
   *
   * @param pauseMs how long each client waits after an answer.
   */
  keepPlacing(pauseMs: number): Flow;
  /** Sends each acknowledged request again. @returns how many got another id than before. */
  repeatAll(): Promise<number>;
  /** Reads an order; undefined when the API does not answer with it. */
  read(orderId: string): Promise<ReadOrder | undefined>;
  /** Downloads a document. @returns the number of its bytes; undefined when it cannot be downloaded. */
  download(orderId: string, documentId: string): Promise<number | undefined>;
}

export function createClients(options: ClientOptions): Clients {
  const { baseUrl, apiKey, caseId, pharmacies, signal } = options;
  const caseUrl = `${baseUrl}/api/v1/cases/${caseId}`;
  const acknowledged = new Map<number, string>();
  const headers = { 'cv-api-key': apiKey, 'content-type': 'application/json' };
  let placed = 0;
  let resent = 0;

  /** Sends the request with this number until it is answered. @returns the order's id. */
  async function send(number: number): Promise<string> {
    const { order, ...rest } = examplePlaceOrder();
    const pharmacyId = pharmacies[number % pharmacies.length] ?? '';
    const body = JSON.stringify({
      ...rest,
      idempotencyKey: `request-${number}`,
      order: { ...order, pharmacyId },
    });
    const end = Date.now() + options.limitMs;
    for (;;) {
      const id = await ask(body);
      if (id !== undefined) return id;
      if (Date.now() > end)
        throw new Error(`an order was not acknowledged in ${options.limitMs} ms`);
      resent += 1;
      await sleep(250, undefined, { signal });
    }
  }

  /** Returns the order's id; undefined when the same request may be sent again. */
  async function ask(body: string): Promise<string | undefined> {
    const answer = await call(caseUrl, {
      method: 'POST',
      headers: { ...headers, 'idempotency-mode': 'replay' },
      body,
    });
    if (answer?.status === 200)
      return placedSchema.parse(JSON.parse(answer.body.toString())).data.order.id;
    const mayPass = answer === undefined || answer.status === 429 || answer.status >= 500;
    if (mayPass) return undefined;
    throw new Error(`the API answered ${answer.status}: ${answer.body.toString()}`);
  }

  /** Returns undefined when no whole answer arrived. */
  async function call(url: string, init: RequestInit) {
    signal.throwIfAborted();
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(15_000) });
      return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
    } catch {
      return undefined;
    }
  }

  async function placeOne(): Promise<void> {
    placed += 1;
    const number = placed;
    acknowledged.set(number, await send(number));
  }

  const together = async (client: () => Promise<void>) => {
    await Promise.all(Array.from({ length: options.clients }, client));
  };

  return {
    acknowledged,
    get resent() {
      return resent;
    },
    async place(count) {
      let left = count;
      await together(async () => {
        while (left > 0) {
          left -= 1;
          await placeOne();
        }
      });
    },
    keepPlacing(pauseMs) {
      let stopped = false;
      const over = together(async () => {
        while (!stopped) {
          await placeOne();
          await sleep(pauseMs, undefined, { signal });
        }
      });
      // Whoever waits for orders gets the error.
      over.catch(() => undefined);
      return {
        async grow(orders) {
          const goal = acknowledged.size + orders;
          const isReached = async () => acknowledged.size >= goal;
          await Promise.race([over, eventually(`${orders} more orders`, isReached, GROW_LIMIT_MS)]);
        },
        async stop() {
          stopped = true;
          await over;
        },
      };
    },
    async repeatAll() {
      const left = [...acknowledged];
      let changed = 0;
      await together(async () => {
        for (let next = left.pop(); next !== undefined; next = left.pop()) {
          const [number, id] = next;
          if ((await send(number)) !== id) changed += 1;
        }
      });
      return changed;
    },
    async read(orderId) {
      const answer = await call(`${caseUrl}/orders/${orderId}`, { headers });
      if (answer?.status !== 200) return undefined;
      return readSchema.parse(JSON.parse(answer.body.toString())).data.order;
    },
    async download(orderId, documentId) {
      const url = `${caseUrl}/orders/${orderId}/documents/${documentId}`;
      const answer = await call(url, { headers });
      return answer?.status === 200 ? answer.body.byteLength : undefined;
    },
  };
}
