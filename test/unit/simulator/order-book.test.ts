import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { BehaviourPatch } from '../../../simulator/behaviours.ts';
import { type Ledger, openLedger } from '../../../simulator/ledger.ts';
import { isPending, type Order } from '../../../simulator/order.ts';
import { createOrderBook, type OrderBook } from '../../../simulator/order-book.ts';

let folder: string;
let ledger: Ledger;
let book: OrderBook;
/** The types of the webhooks that were sent. */
let sent: string[];
const PATIENCE = { timeout: 5_000, interval: 5 };

async function open(): Promise<void> {
  ledger = await openLedger(path.join(folder, 'ledger.ndjson'));
  const send = async (deliveries: readonly { type: string }[]) => {
    sent.push(...deliveries.map(({ type }) => type));
  };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const onBroken = (error: unknown) => {
    throw error;
  };
  book = createOrderBook({ ledger, courier: { send, stop: () => {} }, log, onBroken });
}

/** Loses the timers, as the end of the process does, and starts again. */
async function restart(): Promise<void> {
  book.stop();
  await ledger.close();
  await open();
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'order-book-'));
  sent = [];
  await open();
});
afterEach(async () => {
  book.stop();
  await ledger.close();
  await rm(folder, { recursive: true, force: true });
});

async function create(pharmacyId: string, patch: BehaviourPatch): Promise<Order> {
  await ledger.record({ event: 'configured', pharmacyId, patch });
  return book.create({ pharmacyId, reference: 'our-order', idempotencyKey: 'key', body: {} });
}
const now = (order: Order) => ledger.order(order.id)!;
const pending = (order: Order) =>
  now(order).plan.filter((step) => isPending(now(order), step)).length;

it('takes the steps after an end once, also after a restart', async () => {
  const order = await create('pharmacy-contradicts', { contradictAfterMs: 1 });
  expect(pending(order)).toBe(1);
  book.advance(order.id, { to: 'rejected', reason: 'no stock' });
  expect(pending(order)).toBe(1);
  await restart();
  book.begin(now(order));
  await vi.waitUntil(() => now(order).status === 'completed' && sent.length === 2, PATIENCE);
  expect(pending(order)).toBe(0);
  await restart();
  book.begin(now(order));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(sent).toEqual(['order.rejected', 'order.completed']);
});

it('completes an order that it had cancelled, at a pharmacy that contradicts', async () => {
  const order = await create('pharmacy-contradicts', { contradictAfterMs: 1 });
  book.advance(order.id, { to: 'cancelled' });
  await vi.waitUntil(() => now(order).status === 'completed', PATIENCE);
});

it('adds documents one after the other, each with a webhook', async () => {
  const order = await create('pharmacy-late-documents', {
    offersLater: [
      { afterMs: 1, offers: 'first' },
      { afterMs: 2, offers: 'all' },
    ],
  });
  book.advance(order.id, { to: 'completed' });
  expect(now(order).offers).toBe('none');
  await vi.waitUntil(() => now(order).offers === 'all' && sent.length === 3, PATIENCE);
  expect(sent).toEqual(['order.completed', 'order.completed', 'order.completed']);
  expect(pending(order)).toBe(0);
});

it('carries out an accepted cancellation later, unless the order ends before', async () => {
  const order = await create('pharmacy-loose', {});
  book.cancelLater(order, 1);
  book.cancelLater(now(order), 1);
  expect(now(order).status).toBe('accepted');
  await vi.waitUntil(() => now(order).status === 'cancelled' && sent.length > 0, PATIENCE);
  expect(sent).toEqual(['order.cancelled']);

  const other = book.create({ ...order, reference: 'another', idempotencyKey: 'another' });
  book.cancelLater(other, 1);
  book.advance(other.id, { to: 'completed' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(now(other).status).toBe('completed');
  expect(pending(other)).toBe(0);
});

it('refuses documents before the completion, and another end unless it is late', async () => {
  const order = await create('pharmacy-manual', {});
  expect(() => book.advance(order.id, { to: 'documents' })).toThrow('accepted');
  book.advance(order.id, { to: 'completed' });
  expect(() => book.advance(order.id, { to: 'cancelled' })).toThrow('completed');
  book.advance(order.id, { to: 'documents', offers: 'corrected' });
  book.advance(order.id, { to: 'cancelled', late: true });
  expect(now(order)).toMatchObject({ status: 'cancelled' });
});
