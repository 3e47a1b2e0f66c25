import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { placeOrder } from '../test/support/order-load.ts';

/** More connections than the server's queue allows, so that the server's limit applies and not ours. */
const CONNECTIONS = 256;
const TICK_MS = 10;
const WINDOW_MS = 1_000;

/** A sent order, and its result. */
export interface SentOrder {
  readonly sentAt: number;
  /** How long the server took, without the wait for a free connection. */
  readonly ms: number;
  /** undefined: the server refused the order with 503 and `Retry-After`. */
  readonly orderId: string | undefined;
}

/**
 * Opens the connections that a load balancer would keep. Otherwise the benchmark would also measure new
 * connections: while the server is busy, they wait in the system's queue, unseen by the server.
 */
export async function openConnections(baseUrl: string): Promise<http.Agent> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const connect = async () => {
    const [response] = (await once(http.get(`${baseUrl}/healthz`, { agent }), 'response')) as [
      http.IncomingMessage,
    ];
    await once(response.resume(), 'end');
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connect));
  return agent;
}

/**
 * Sends orders at a fixed rate, however long their answers take. Independent clients behave like this. A
 * fixed number of clients does not: an overloaded server slows them down.
 *
 * @throws {Error} an answer is neither 200 nor a 503 with `Retry-After`.
 */
export async function offerOrders(
  baseUrl: string,
  agent: http.Agent,
  perSecond: number,
  seconds: number,
): Promise<SentOrder[]> {
  const sent: Promise<SentOrder>[] = [];
  const start = performance.now();
  const total = perSecond * seconds;
  while (sent.length < total) {
    const due = Math.ceil(((performance.now() - start) / 1_000) * perSecond);
    while (sent.length < Math.min(total, due)) sent.push(sendOrder(baseUrl, agent));
    await sleep(TICK_MS);
  }
  return await Promise.all(sent);
}

async function sendOrder(baseUrl: string, agent: http.Agent): Promise<SentOrder> {
  const sentAt = performance.now();
  const answer = await placeOrder(baseUrl, agent);
  if (answer.kind !== 'answered') throw new Error(`an order was ${answer.kind}`);
  const { ms, status, headers, body } = answer;
  if (status === 503 && headers['retry-after'] !== undefined) {
    return { sentAt, ms, orderId: undefined };
  }
  if (status !== 200 || body.data === undefined) throw new Error(`an order got ${status}`);
  return { sentAt, ms, orderId: body.data.order.id };
}

/** Counts the orders accepted in the second before the first refusal. */
export function acceptedAtFirstRefusal(orders: readonly SentOrder[]): number {
  const refusedAt = orders.find(({ orderId }) => orderId === undefined)?.sentAt;
  if (refusedAt === undefined) throw new Error('no order was refused');
  return orders.filter(
    ({ orderId, sentAt }) =>
      orderId !== undefined && sentAt < refusedAt && sentAt >= refusedAt - WINDOW_MS,
  ).length;
}

/** A quantile of the times of accepted orders, in milliseconds; undefined when none was accepted. */
export function acceptedMs(orders: readonly SentOrder[], share: number): number | undefined {
  const times = orders
    .filter(({ orderId }) => orderId !== undefined)
    .map(({ ms }) => ms)
    .toSorted((a, b) => a - b);
  const time = times[Math.floor(times.length * share)];
  return time === undefined ? undefined : Math.round(time);
}
