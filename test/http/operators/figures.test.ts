import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { urlOfRole } from '../../../sandbox/database-url.ts';
import { startFigures } from '../../../src/operators/start-figures.ts';
import { changeStatus } from '../../../src/orders/change-status.ts';
import { openDatabase } from '../../../src/storage/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { createKeptLog } from '../../support/logs.ts';
import { valueIn } from '../../support/metrics.ts';
import { createPharmacy } from '../../support/pharmacy.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

const LONG_MS = 3_600_000;

let api: TestApi;
let other: TestDatabase;
const ended: (() => Promise<void>)[] = [];
beforeAll(async () => {
  api = await startTestApi();
  other = await createTestDatabase();
});
afterAll(async () => {
  for (const end of ended) await end();
  await api.close();
  await other.drop();
});

/** Starts the figures as a worker process does; `text` waits for the first round. */
function start(url: string, everyMs = LONG_MS) {
  const registry = new Registry();
  const database = openDatabase(url, 2);
  const log = createKeptLog();
  const task = startFigures({ database, registry, everyMs, log });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= task.stop().then(() => database.end()));
  ended.push(stop);
  return {
    log,
    stop,
    text: () =>
      eventually('the figures are read', async () => {
        const text = await registry.metrics();
        return valueIn(text, 'rx_figures_age_seconds') === undefined ? undefined : text;
      }),
    now: () => registry.metrics(),
  };
}

it('reports orders by status and pharmacy, ages, lanes, deliveries, connections and the reconciler', async () => {
  const { database, organization } = api;
  const pharmacy = await createPharmacy(database);
  const place = async (pharmacyId: string) => {
    const { order, ...rest } = exampleWithoutKey();
    const { json } = await api.place({ ...rest, order: { ...order, pharmacyId } });
    return json.data.order.id as string;
  };
  const orders = [await place(pharmacy.id), await place(pharmacy.id), await place(pharmacy.id)];
  await place('an-invented-id');
  await changeStatus(database, orders[0]!, { to: 'NEEDS_ATTENTION', actor: 'system' });
  await changeStatus(database, orders[1]!, { to: 'CANCELLED', actor: 'api' });
  await database`UPDATE orders SET created_at = now() - interval '2 hours' WHERE id = ${orders[0]!}`;
  for (const [id, seconds] of [
    [orders[0], 30],
    [orders[2], 3_600],
  ] as const) {
    await database`
      UPDATE orders SET delay_code = 'PHARMACY_TIMEOUT', delay_attempts = 5, delay_next_at = now(),
        delay_since = now() - ${seconds}::int * interval '1 second'
      WHERE id = ${id!}`;
  }
  await database`UPDATE outbox SET created_at = now() - interval '10 minutes'`;
  await database`INSERT INTO outbox (order_id, organization_id, kind)
    SELECT id, organization_id, 'cancel' FROM orders WHERE id = ${orders[2]!}`;
  const endpointId = randomUUID();
  const { organizationId } = organization;
  await database`
    INSERT INTO webhook_endpoints (id, organization_id, url, secret, status)
    VALUES (${endpointId}, ${organizationId}, 'https://hooks.example.com', 'whsec_', 'PAUSED')`;
  await database`
    INSERT INTO webhook_deliveries (id, organization_id, endpoint_id, event, status)
    SELECT gen_random_uuid(), ${organizationId}, ${endpointId}, 'PING', status
    FROM unnest(ARRAY['PENDING', 'DEAD', 'DEAD', 'DELIVERED']) AS status`;
  await database`
    UPDATE reconciliation SET swept_until = now() - interval '90 seconds', restarted = 3`;
  await database`
    INSERT INTO inbox (pharmacy_id, webhook_id, type, received_at)
    VALUES (${pharmacy.id}, ${randomUUID()}, 'completed', now() - interval '2 hours')`;
  const text = await start(api.databaseUrl).text();
  const value = (name: string, labels = {}) => valueIn(text, name, labels);

  const open = (status: string, id: string) => value('rx_orders_open', { status, pharmacy: id });
  expect(open('NEEDS_ATTENTION', pharmacy.id)).toBe(1);
  expect(open('ACCEPTED', pharmacy.id)).toBe(1);
  expect(open('ACCEPTED', 'unknown')).toBe(1);
  expect(text).not.toContain('CANCELLED');
  expect(text).not.toContain('an-invented-id');
  expect(value('rx_orders_needing_attention')).toBe(1);
  expect(value('rx_orders_oldest_open_seconds')).toBeGreaterThanOrEqual(7_200);
  expect(value('rx_orders_delayed')).toBe(1);
  expect(value('rx_orders_oldest_delay_seconds')).toBeGreaterThanOrEqual(3_600);
  expect(value('rx_outbox_depth')).toBe(await api.count('outbox'));
  expect(value('rx_outbox_oldest_seconds', { lane: 'starts' })).toBeGreaterThanOrEqual(600);
  expect(value('rx_outbox_oldest_seconds', { lane: 'others' })).toBeLessThan(600);
  expect(value('rx_webhook_deliveries', { state: 'pending' })).toBe(1);
  expect(value('rx_webhook_deliveries', { state: 'dead' })).toBe(2);
  expect(value('rx_webhook_endpoints', { state: 'paused' })).toBe(1);
  expect(value('rx_webhook_deliveries_overdue_seconds')).toBe(0); // its endpoint is paused
  expect(value('rx_reconciler_lag_seconds')).toBeGreaterThanOrEqual(90);
  expect(value('rx_reconciler_restarted_total')).toBe(3);
  expect(value('rx_inbox_unmatched')).toBe(1);
  expect(value('rx_audit_unsealed_seconds')).toBeGreaterThan(0);
  expect(value('rx_oldest_row_seconds', { table: 'inbox' })).toBeGreaterThanOrEqual(7_200);
  expect(value('rx_oldest_row_seconds', { table: 'audit_log' })).toBeGreaterThan(0);
  expect(value('rx_oldest_row_seconds', { table: 'events' })).toBeGreaterThan(0);
  expect(value('rx_postgres_connections')).toBeGreaterThan(0);
  expect(value('rx_postgres_most_connections')).toBeGreaterThan(value('rx_postgres_connections')!);
  expect(Math.abs(value('rx_clock_skew_seconds')!)).toBeLessThan(60);
});

it('lets one worker read the figures; another takes over when it stops', async () => {
  const url = urlOfRole(other.url, 'worker');
  const first = start(url);
  expect(valueIn(await first.text(), 'rx_outbox_depth')).toBe(0);
  const others = [start(url, 50), start(url, 50)];
  const shown = async () => {
    const texts = await Promise.all(others.map((each) => each.now()));
    return others.filter((_, n) => texts[n]?.includes('rx_outbox_depth 0'));
  };
  expect(await shown()).toEqual([]);

  await first.stop();
  const [second] = await eventually('another shows them', async () => {
    const found = await shown();
    return found.length > 0 ? found : undefined;
  });
  expect(await shown()).toEqual([second]);

  await second?.stop();
  await eventually('the last one shows them', async () =>
    (await shown()).some((each) => each !== second),
  );
});

it('shows no figure that it has not read', async () => {
  const away = start('postgres://nobody@127.0.0.1:9/nothing', 50);
  await eventually('a round failed', async () => away.log.lines.length > 0);

  // A line without a value would be `rx_outbox_depth 0`, which nobody measured.
  expect(await away.now()).not.toMatch(/^rx_/m);
});
