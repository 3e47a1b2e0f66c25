import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

// WIPED_STORE_ORDERS=200 npx vitest run --project chaos test/chaos/wiped-store.test.ts
const ORDERS = Number(process.env['WIPED_STORE_ORDERS'] ?? 50);

/** The orders when the store is lost, and the status that each must reach once all pharmacies work. */
const KINDS = [
  { pharmacyId: 'pharmacy-123', end: 'COMPLETED' }, // in progress
  { pharmacyId: 'pharmacy-manual', end: 'COMPLETED' }, // waiting
  { pharmacyId: 'pharmacy-down', end: 'COMPLETED' }, // being placed
  { pharmacyId: 'pharmacy-nobody-knows', end: 'NEEDS_ATTENTION' }, // needs attention, never sent
  { pharmacyId: 'pharmacy-corrupt', end: 'NEEDS_ATTENTION' }, // fetching documents, or needs attention after it
] as const;

let test: TestStack;
beforeAll(async () => {
  test = await startTestStack({ RECONCILE_EVERY_MS: '1000', POLL_INITIAL_MS: '2000' });
});
afterAll(() => test.close());

/** Deletes Temporal's data; the supervisor restarts it on the same ports. */
function wipeTemporal(): void {
  test.stack.kill('temporal', 'SIGSTOP');
  for (const suffix of ['', '-wal', '-shm']) {
    rmSync(path.join(test.dataDir, 'temporal', `temporal.db${suffix}`), { force: true });
  }
  test.stack.kill('temporal', 'SIGKILL');
}

it(`brings ${ORDERS} orders in all states to their final status, each placed once, after Temporal lost its data`, {
  timeout: 10 * 60_000,
}, async () => {
  const orders: { id: string; pharmacyId: string; end: string }[] = [];
  for (let n = 0; n < ORDERS; n += 1) {
    const kind = KINDS[n % KINDS.length] ?? KINDS[0];
    orders.push({ ...kind, id: await test.place(kind.pharmacyId) });
  }
  const of = (pharmacyId: string) => orders.filter((order) => order.pharmacyId === pharmacyId);
  for (const { id } of of('pharmacy-manual')) {
    await eventually(
      'the order waits',
      async () => (await test.get(id)).status === 'AWAITING_COMPLETION',
    );
  }
  wipeTemporal();
  await test.control('pharmacies/pharmacy-down', { up: true });
  for (const { id } of of('pharmacy-manual')) {
    await test.control(`orders/${id}/advance`, { to: 'completed' });
  }

  const restarted = async () => {
    const text = await (await fetch(test.stack.workerMetricsUrl)).text();
    return Number(/^rx_reconciler_restarted_total (\d+)$/m.exec(text)?.[1] ?? 0);
  };
  await eventually('lost workflows are restarted', async () => (await restarted()) > 0, 90_000);
  for (const { id, pharmacyId, end } of orders) {
    const order = await eventually(
      `${id} at ${pharmacyId} becomes ${end}`,
      async () => {
        const seen = await test.get(id).catch(() => undefined);
        return seen?.status === end ? seen : undefined;
      },
      180_000,
    );
    expect(order.status).toBe(end);
    const placed = await test.ledgerOf(id);
    expect(placed).toHaveLength(pharmacyId === 'pharmacy-nobody-knows' ? 0 : 1);
  }
});
