import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { urlOfRole } from '../../../sandbox/database-url.ts';
import { lowestUuidOf } from '../../../src/lib/uuid.ts';
import { changeStatus } from '../../../src/orders/change-status.ts';
import { receiveMessage } from '../../../src/orders/inbox.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { leaseSweep } from '../../../src/upkeep/pruning-progress.ts';
import { type Retention, startPruner } from '../../../src/upkeep/start-pruner.ts';
import { ageRows } from '../../support/age-rows.ts';
import { createEndpoint } from '../../support/deliveries.ts';
import { eventually } from '../../support/eventually.ts';
import { createKeptLog } from '../../support/logs.ts';
import { valueIn } from '../../support/metrics.ts';
import { TESTER } from '../../support/organization.ts';
import { createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';
import { createWebhooksCall } from '../../support/use-webhooks.ts';

const MONTH: Retention = {
  deliveriesDays: 30,
  eventsDays: 30,
  inboxDays: 30,
  auditDays: undefined,
};
const FOREVER: Retention = {
  deliveriesDays: undefined,
  eventsDays: undefined,
  inboxDays: undefined,
  auditDays: undefined,
};

let api: TestApi;
let pharmacy: TestPharmacy;
let worker: Database;
beforeEach(async () => {
  api = await startTestApi();
  pharmacy = await createPharmacy(api.database);
  worker = openDatabase(urlOfRole(api.databaseUrl, 'worker'), 3);
  const { organizationId } = api.organization;
  await createEndpoint(api.database, organizationId, 'https://hooks.example.com');
});
afterEach(async () => {
  await worker.end();
  await api.close();
});

/** Prunes as a worker does, until each table has been swept. @returns the page of metrics. */
async function prune(retention = MONTH): Promise<string> {
  const registry = new Registry();
  const log = createKeptLog();
  const since = new Date();
  const pruner = startPruner({ database: worker, retention, everyMs: 20, registry, log });
  try {
    await eventually('each table with a retention time is swept', async () => {
      expect(log.lines).not.toContainEqual(expect.objectContaining({ level: 'warn' }));
      const due = await api.database`
        SELECT FROM pruning WHERE days IS NOT NULL AND (swept_at IS NULL OR swept_at < ${since})`;
      const set = await api.database`SELECT FROM pruning WHERE days IS NOT NULL`;
      return due.length === 0 && set.length === Object.values(retention).filter(Boolean).length;
    });
  } finally {
    await pruner.stop();
  }
  // The next sweep is due at once.
  await api.database`UPDATE pruning SET next_at = now()`;
  return await registry.metrics();
}

/** Places an order and takes it to its end, or leaves it with the pharmacy. Its deliveries are delivered. */
async function order(end: 'COMPLETED' | 'open' = 'COMPLETED'): Promise<string> {
  const { order: fields } = exampleWithoutKey();
  const body = { action: 'PLACE_ORDER', order: { ...fields, pharmacyId: pharmacy.id } };
  const orderId = (await api.place(body)).json.data.order.id as string;
  const move = (
    to: 'PLACING' | 'AWAITING_COMPLETION' | 'FETCHING_DOCUMENTS' | 'COMPLETED',
    more = {},
  ) => changeStatus(api.database, orderId, { to, actor: 'system', ...more });
  await move('PLACING', { sent: true });
  await move('AWAITING_COMPLETION', { pharmacyOrderId: `ph-${orderId}` });
  const message = { webhookId: randomUUID(), type: 'completed', reference: orderId } as const;
  await receiveMessage(api.database, pharmacy.id, message, TESTER);
  if (end === 'COMPLETED') {
    await move('FETCHING_DOCUMENTS');
    await move('COMPLETED');
  }
  await api.database`
    UPDATE webhook_deliveries SET status = 'DELIVERED', delivered_at = now(), next_attempt_at = NULL
    WHERE status = 'PENDING'`;
  await api.database`
    INSERT INTO webhook_attempts (delivery_id, duration_ms, status_code)
    SELECT id, 5, 200 FROM webhook_deliveries AS d
    WHERE NOT EXISTS (SELECT FROM webhook_attempts WHERE delivery_id = d.id)`;
  return orderId;
}

async function count(table: string): Promise<number> {
  const [row] = await api.database<{ count: number }[]>`
    SELECT count(*)::int AS count FROM ${api.database(table)}`;
  return row!.count;
}
const counts = async () => ({
  events: await count('events'),
  deliveries: await count('webhook_deliveries'),
  attempts: await count('webhook_attempts'),
  inbox: await count('inbox'),
});

/** Lists events, after all of them are visible: an open transaction of another test delays them. */
async function list(query = '', expected?: number) {
  return await eventually(
    'the events are listed',
    async () => {
      const answer = await api.get(`/api/v1/events?limit=200${query}`);
      if (answer.status !== 200) return answer;
      return expected === undefined || answer.json.data.events.length === expected
        ? answer
        : undefined;
    },
    50_000,
  );
}

describe('old rows', () => {
  it('stay for ever without a setting', async () => {
    await order();
    await ageRows(api.asSuperuser, 4_000);
    const before = await counts();
    await prune(FOREVER);
    expect(await counts()).toEqual(before);
    expect(before).toEqual({ events: 2, deliveries: 2, attempts: 2, inbox: 1 });
  });

  it('of orders that have ended go after their time, younger ones stay', async () => {
    await order();
    await ageRows(api.asSuperuser, 20);
    await prune();
    expect(await counts()).toEqual({ events: 2, deliveries: 2, attempts: 2, inbox: 1 });
    await ageRows(api.asSuperuser, 11);
    await order();
    const metrics = await prune();
    expect(await counts()).toEqual({ events: 2, deliveries: 2, attempts: 2, inbox: 1 });
    const pruned = (table: string) => valueIn(metrics, 'rx_rows_pruned_total', { table });
    expect(['events', 'webhook_deliveries', 'webhook_attempts', 'inbox'].map(pruned)).toEqual([
      2, 2, 2, 1,
    ]);
    const rows = await api.database`SELECT subject, pruned::int FROM pruning ORDER BY subject`;
    expect(rows.map(({ pruned: n }) => n)).toEqual([0, 2, 1, 4]);
  });

  it('of an open order stay, as do a message without an order and a delivery that is not over', async () => {
    await order('open');
    await receiveMessage(
      api.database,
      pharmacy.id,
      { webhookId: randomUUID(), type: 'completed', pharmacyOrderId: 'unknown' },
      TESTER,
    );
    await order();
    await api.database`
      UPDATE webhook_deliveries SET status = 'PENDING', next_attempt_at = now(), delivered_at = NULL
      WHERE id = (SELECT id FROM webhook_deliveries ORDER BY id DESC LIMIT 1)`;
    await ageRows(api.asSuperuser, 400);
    await prune();
    // The open order's event; the ended order's event that waits for its receiver.
    expect(await counts()).toEqual({ events: 2, deliveries: 1, attempts: 1, inbox: 2 });
    const kept = await api.database`SELECT order_id FROM inbox ORDER BY id`;
    expect(kept.map(({ orderId }) => orderId === null)).toEqual([false, true]);
  });

  it('stay while an order that has ended has news of its pharmacy, or a delivery was sent again', async () => {
    const orderId = await order();
    await ageRows(api.asSuperuser, 40);
    await api.database`INSERT INTO order_news (order_id) VALUES (${orderId})`;
    await api.database`
      INSERT INTO webhook_attempts (delivery_id, duration_ms, status_code)
      SELECT id, 5, 200 FROM webhook_deliveries`;
    await prune();
    expect(await counts()).toEqual({ events: 2, deliveries: 2, attempts: 4, inbox: 1 });
  });
});

describe('the list of events after pruning', () => {
  it('refuses a cursor that has missed events, and no other', async () => {
    await order();
    const first = (await list('', 2)).json.data.events;
    await order();
    const events = (await list('', 4)).json.data.events;
    await api.database`
      UPDATE events SET event = 'ORDER_TRACKING_ADDED'
      WHERE id = ${events[1].id}`;
    await ageRows(api.asSuperuser, 40);
    await order();
    await prune();
    const cursors = events.map(({ cursor }: { cursor: string }) => cursor);

    const refused = await list(`&after=${first[0].cursor}`);
    expect(refused.status).toBe(410);
    expect(refused.json).toMatchObject({ success: false, message: 'Gone', code: 'EVENTS_PRUNED' });
    expect((await list(`&after=${cursors[2]}`)).status).toBe(410);
    // A reader that had all of the pruned events goes on, and so does one of a name of which it missed none.
    expect((await list(`&after=${cursors[3]}`, 2)).json.data.events).toHaveLength(2);
    expect((await list(`&after=${cursors[1]}&event=ORDER_TRACKING_ADDED`)).status).toBe(200);
    expect((await list(`&after=${cursors[0]}&event=ORDER_TRACKING_ADDED`)).status).toBe(410);
    const audited = await api.database`SELECT FROM audit_log WHERE result = 'GONE'`;
    expect(audited).toHaveLength(3);
  });

  it('begins after the pruned events, also when some of that time are kept for other reasons', async () => {
    await order('open');
    await order();
    await ageRows(api.asSuperuser, 40);
    await order();
    await prune();
    expect(await count('events')).toBe(3);
    const { events } = (await list('', 2)).json.data;
    expect((await list(`&after=${events[0].cursor}`, 1)).json.data.events).toHaveLength(1);
  });

  it('continues the numbers of an order, and sends no second ORDER_CREATED', async () => {
    const orderId = await order();
    await ageRows(api.asSuperuser, 40);
    await prune();
    expect(await count('events')).toBe(0);
    await changeStatus(api.database, orderId, {
      ...{ from: 'COMPLETED', to: 'NEEDS_ATTENTION', actor: 'pharmacy', reasonCode: 'LATE_ANSWER' },
    });
    const { events } = (await list('', 1)).json.data;
    expect(events).toMatchObject([{ event: 'ORDER_STATUS_CHANGED', sequence: 3 }]);
  });
});

it('tells a pruned delivery that is sent again from one that never existed', async () => {
  await order();
  await ageRows(api.asSuperuser, 40);
  const [{ id: prunedId } = { id: '' }] = await api.database<{ id: string }[]>`
    SELECT id FROM webhook_deliveries LIMIT 1`;
  const call = await createWebhooksCall(api);
  const replay = (id: string) => call('POST', `webhook-deliveries/${id}/replay`);
  await prune();
  const answer = await replay(prunedId);
  expect([answer.status, answer.json.code]).toEqual([410, 'DELIVERY_PRUNED']);
  expect((await replay(lowestUuidOf(new Date()))).status).toBe(404);
  expect((await replay(randomUUID())).status).toBe(404);
});

it('gives a table to one worker at a time, and continues where a dead one stopped', async () => {
  for (let n = 0; n < 3; n += 1) await order();
  await ageRows(api.asSuperuser, 40);
  await api.database`UPDATE pruning SET days = 30 WHERE subject = 'inbox'`;
  const [first, second] = await Promise.all([leaseSweep(worker), leaseSweep(worker)]);
  expect([first?.subject, second?.subject].sort()).toEqual(['inbox', undefined]);
  // The lease of the dead worker has run out.
  const [oldest] = await api.database`SELECT min(id)::text AS id FROM inbox`;
  await api.database`UPDATE pruning SET next_at = now(), after = ${oldest!['id']}`;
  await prune({ ...FOREVER, inboxDays: 30 });
  expect(await count('inbox')).toBe(1);
});
