import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { verifyWebhook } from '../packages/webhooks/src/index.ts';
import { openDatabase } from '../src/storage/database.ts';
import { examplePlaceOrder } from '../test/support/example.ts';
import { startBenchStack } from './bench-stack.ts';

/*
 *   npm run bench:deliveries -- [--orders N] [--every MS] [--limit SECONDS]
 *
 * Sends the events of orders to a receiver that fails half of all requests, each in one of six ways. The
 * receiver counts with its own ledger: every event must arrive, and a receiver that dedupes by
 * `webhook-id` must see each event once. Before that, the same number of orders run without a receiver,
 * to check that failing deliveries slow no order down. The orders arrive one at a time, at an interval
 * longer than their processing takes, so that the comparison measures an order's own time and not the
 * capacity of the machine.
 */

/** The events of an order: created, two documents, completed. */
const EVENTS_OF_AN_ORDER = 4;
const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';
const KEY = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };

const { values } = parseArgs({
  options: { orders: { type: 'string' }, every: { type: 'string' }, limit: { type: 'string' } },
});
const orders = Number(values.orders ?? 200);
const everyMs = Number(values.every ?? 500);
const limitMs = Number(values.limit ?? 600) * 1_000;

const ledger = {
  attempts: 0,
  failed: 0,
  unsigned: 0,
  ids: new Map<string, number>(),
  events: new Set<string>(),
};
let secret = '';
const receiver = http.createServer((request, response) => {
  void receive(request, response).catch(() => request.destroy());
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/rx`;

const stack = await startBenchStack({
  LOG_LEVEL: 'warn',
  WEBHOOK_TIMEOUT_MS: '500',
  WEBHOOK_RETRY_SCHEDULE_MS: Array.from({ length: 30 }, () => '300').join(),
});
try {
  await run(20); // warms up
  const without = await run(orders);
  secret = await register();
  const beside = await run(orders);
  const until = Date.now() + limitMs;
  while (ledger.events.size < orders * EVENTS_OF_AN_ORDER && Date.now() < until) await sleep(250);
  const left = await undelivered();
  const duplicates = [...ledger.ids.values()].reduce((sum, times) => sum + times - 1, 0);
  console.log(
    JSON.stringify({
      orders,
      events: ledger.events.size,
      missing: orders * EVENTS_OF_AN_ORDER - ledger.events.size,
      countedTwice: ledger.ids.size - ledger.events.size,
      attempts: ledger.attempts,
      failed: ledger.failed,
      duplicates,
      unsigned: ledger.unsigned,
      undelivered: left,
      medianMsWithout: without.median,
      medianMsBeside: beside.median,
      orderTimeRatio: Number((beside.median / without.median).toFixed(2)),
      slowestTenthRatio: Number((beside.slowestTenth / without.slowestTenth).toFixed(2)),
    }),
  );
} finally {
  await stack.stop();
  receiver.closeAllConnections();
  receiver.close();
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  ledger.attempts += 1;
  const body = await buffer(request);
  const failing = Math.random() < 0.5;
  if (!failing || Math.random() < 0.2) take(body, request);
  if (!failing) return void response.writeHead(204).end();
  ledger.failed += 1;
  fail(request, response);
}

/** Counts an event. Like a real receiver, it also counts some events whose answer then fails. */
function take(body: Buffer, request: IncomingMessage): void {
  const id = String(request.headers['webhook-id']);
  try {
    const event = verifyWebhook(body, request.headers, secret);
    if (!('order' in event)) return;
    ledger.ids.set(id, (ledger.ids.get(id) ?? 0) + 1);
    ledger.events.add(`${event.order.id} ${event.sequence}`);
  } catch {
    ledger.unsigned += 1;
  }
}

function fail(request: IncomingMessage, response: ServerResponse): void {
  const ways = [
    () => response.writeHead(500).end(),
    () => request.socket.resetAndDestroy(),
    () => undefined, // hangs
    () => response.writeHead(301, { location: 'http://127.0.0.1/elsewhere' }).end(),
    () => setTimeout(() => response.writeHead(200).end(), 2_000).unref(),
    () => response.writeHead(503).end(Buffer.alloc(2_000_000)),
  ];
  ways[Math.floor(Math.random() * ways.length)]?.();
}

/** Places orders one after the other and waits for their completion. @returns times of one order, in milliseconds. */
async function run(count: number): Promise<{ median: number; slowestTenth: number }> {
  const taken: Promise<number>[] = [];
  for (let order = 0; order < count; order += 1) {
    const start = performance.now();
    taken.push(complete().then(() => performance.now() - start));
    await sleep(everyMs);
  }
  const sorted = (await Promise.all(taken)).toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
  return { median: at(0.5), slowestTenth: at(0.9) };
}

async function complete(): Promise<void> {
  const { idempotencyKey: _, ...body } = examplePlaceOrder();
  const { order } = await call<{ order: { id: string } }>(CASE, body);
  const read = () => call<{ order: { status: string } }>(`${CASE}/orders/${order.id}`);
  while ((await read()).order.status !== 'COMPLETED') await sleep(100);
}

async function register(): Promise<string> {
  const path = '/api/v1/webhook-endpoints';
  return (await call<{ endpoint: { secret: string } }>(path, { url })).endpoint.secret;
}

async function call<Data>(route: string, body?: object): Promise<Data> {
  const response = await fetch(stack.baseUrl + route, {
    headers: KEY,
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${route}: ${response.status}`);
  return ((await response.json()) as { data: Data }).data;
}

async function undelivered(): Promise<number> {
  const database = openDatabase(stack.databaseUrl, 1);
  const [row] = await database<{ open: number }[]>`
    SELECT count(*)::int AS open FROM webhook_deliveries WHERE status <> 'DELIVERED'`;
  await database.end();
  return row?.open ?? 0;
}
