import { examplePlaceOrder } from '../../test/support/example.ts';
import { BUSY, type Client } from '../order-clients.ts';
import type { Program } from './programs.ts';

/** What the load generator does. */
export interface Load {
  /** The server's base URL. */
  readonly url: string;
  readonly connections: number;
  /** How many orders; without it, as many as fit into `seconds`. */
  readonly count?: number;
  readonly seconds?: number;
  /** The rate; without it, as fast as the connections are answered. */
  readonly perSecond?: number;
  readonly pharmacyId?: string;
  readonly client?: Client;
}

/** What the load generator measured. */
export interface LoadResult {
  /** The orders that got 200, each with the time when it was sent. */
  readonly placed: readonly { readonly id: string; readonly at: number }[];
  readonly failed: number;
  readonly seconds: number;
  /** Milliseconds from sending to the answer. */
  readonly p50: number;
  readonly p99: number;
}

/** Has the load generator send orders. @throws {Error} an order did not get 200. */
export async function sendOrders(generator: Program, load: Load): Promise<LoadResult> {
  const { url, pharmacyId = 'pharmacy-123', client = BUSY, ...limits } = load;
  const example = examplePlaceOrder();
  const order = { ...example.order, pharmacyId };
  const result = (await generator.ask({
    url: `${url}/api/v1/cases/${client.caseId}`,
    key: client.key,
    body: { ...example, order },
    ...limits,
  })) as LoadResult;
  if (result.failed > 0) throw new Error(`${result.failed} orders did not get 200`);
  return result;
}
