import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptOrder } from '../../src/orders/accept-order.ts';
import { changeStatus } from '../../src/orders/change-status.ts';
import { recordFailedAttempt } from '../../src/orders/delay.ts';
import { LATE_ANSWER, reopenOrder } from '../../src/orders/late-news.ts';
import { readOrderDataKey } from '../../src/orders/order-data-key.ts';
import { createRx, type Rx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { examplePlaceOrder } from '../support/example.ts';
import {
  createOrganization,
  HASH_SECRET,
  TESTER,
  type TestOrganization,
} from '../support/organization.ts';

let db: TestDatabase;
let rx: Rx;
let first: TestOrganization;
let second: TestOrganization;

beforeAll(async () => {
  db = await createTestDatabase();
  rx = createRx(db.operatorUrl);
  first = await createOrganization(db.database);
  second = await createOrganization(db.database);
});

afterAll(async () => {
  await db.drop();
});

async function place(tenant: TestOrganization, pharmacyId: string): Promise<string> {
  const request = examplePlaceOrder();
  const { orderId } = await acceptOrder(db.database, HASH_SECRET, {
    ...tenant,
    by: TESTER,
    request: {
      ...request,
      idempotencyKey: randomUUID(),
      order: { ...request.order, pharmacyId },
    },
  });
  return orderId;
}

async function park(orderId: string, reasonCode: string, reason: string): Promise<void> {
  const change = { to: 'NEEDS_ATTENTION', actor: 'system', reasonCode, reason } as const;
  await changeStatus(db.database, orderId, change);
}

it('lists orders, newest first, filtered by status, organization, pharmacy and limit', async () => {
  const [a, b, c] = [
    await place(first, 'one'),
    await place(first, 'two'),
    await place(second, 'one'),
  ];
  await park(a, 'PHARMACY_UNKNOWN', 'of Jane');
  const ids = async (...args: string[]) => {
    const result = await rx(['order', 'list', ...args, '--json']);
    expect(result.code, result.stderr).toBe(0);
    return result.json.orders.map((order: { id: string }) => order.id);
  };
  expect(await ids()).toEqual([c, b, a]);
  expect(await ids('--limit', '2')).toEqual([c, b]);
  expect(await ids('--org', first.organizationId)).toEqual([b, a]);
  expect(await ids('--pharmacy', 'one')).toEqual([c, a]);
  expect(await ids('--status', 'needs_attention')).toEqual([a]);
  expect(await ids('--status', 'ACCEPTED,NEEDS_ATTENTION', '--org', first.organizationId)).toEqual([
    b,
    a,
  ]);
  expect(await ids('--status', 'COMPLETED')).toEqual([]);

  await db.database`UPDATE orders SET created_at = now() - interval '3 hours' WHERE id = ${a}`;
  await db.database`UPDATE orders SET created_at = now() - interval '2 hours' WHERE id = ${b}`;
  expect(await ids('--since', '150m')).toEqual([c, b]);
  expect(await ids('--until', '150m')).toEqual([a]);
  expect(await ids('--since', '4h', '--until', '1h', '--pharmacy', 'two')).toEqual([b]);

  const table = await rx(['order', 'list', '--status', 'NEEDS_ATTENTION']);
  expect(table.stdout).toMatch(
    new RegExp(`^${a} +NEEDS_ATTENTION +3h +- +PHARMACY_UNKNOWN +one$`, 'm'),
  );
  const unknown = await rx(['order', 'list', '--org', randomUUID()]);
  expect(unknown).toMatchObject({ code: 3, stdout: '' });
});

it('shows an order with its timeline, without data of patient and prescription', async () => {
  const id = await place(first, 'one');
  await park(id, 'X_CODE', 'words of Jane');
  const shown = await rx(['order', 'show', id, '--json']);
  expect(Object.keys(shown.json.order).sort()).toEqual([
    ...['activity', 'caseId', 'createdAt', 'delay', 'documents', 'id', 'organizationId'],
    ...['organizationName', 'pharmacyId', 'pharmacyOrderId', 'reasonCode', 'sentAt', 'shipments'],
    ...['status', 'updatedAt', 'workflowId'],
  ]);
  expect(shown.json.order).toMatchObject({
    id,
    caseId: first.caseId,
    status: 'NEEDS_ATTENTION',
    reasonCode: 'X_CODE',
    delay: null,
    workflowId: `order-${id}`,
    activity: [
      { actor: 'api', event: 'ORDER_ACCEPTED', fromStatus: null, toStatus: 'ACCEPTED' },
      { actor: 'system', event: 'STATUS_CHANGED', reasonCode: 'X_CODE', why: null },
    ],
  });
  const table = await rx(['order', 'show', id]);
  expect(table.stdout).toContain('NEEDS_ATTENTION');
  for (const { stdout } of [shown, table]) expect(stdout).not.toMatch(/Jane|Sample|drug|Reno/i);
});

/** Lets a step of an order fail twice, for the first time `seconds` ago. */
async function delay(orderId: string, seconds: number): Promise<void> {
  const failed = { code: 'PHARMACY_HTTP_503', delayMs: 5_000 };
  await recordFailedAttempt(db.database, orderId, failed);
  await db.database`
    UPDATE orders SET delay_since = now() - ${seconds}::int * interval '1 second'
    WHERE id = ${orderId}`;
  await recordFailedAttempt(db.database, orderId, failed);
}

it('lists and shows the orders whose step has been failing for more than a minute', async () => {
  const [delayed, briefly] = [await place(first, 'slow'), await place(first, 'slow')];
  await delay(delayed, 90);
  await delay(briefly, 30);

  const list = await rx(['order', 'list', '--delayed', '--json']);
  expect(list.json.orders).toMatchObject([
    { id: delayed, delay: { code: 'PHARMACY_HTTP_503', attempts: 2 } },
  ]);
  expect((await rx(['order', 'list', '--delayed', '--pharmacy', 'one', '--json'])).json).toEqual({
    orders: [],
  });
  const table = await rx(['order', 'list', '--delayed']);
  expect(table.stdout).toMatch(
    new RegExp(`^${delayed} +ACCEPTED +\\d+s +2 +PHARMACY_HTTP_503 +slow$`, 'm'),
  );
  expect(table.stdout).not.toContain(briefly);

  const shown = await rx(['order', 'show', delayed]);
  expect(shown.stdout).toMatch(
    /^delay +PHARMACY_HTTP_503 since [0-9T:.-]+Z, 2 attempts, the next at [0-9T:.-]+Z$/m,
  );
  expect(shown.stdout).toMatch(/system +DELAYED +- +- +PHARMACY_HTTP_503/);
  expect((await rx(['order', 'show', briefly])).stdout).not.toContain('PHARMACY_HTTP_503');
});

it('keeps the end of an order that its pharmacy contradicted, and records who did and why', async () => {
  const id = await place(first, 'one');
  const why = { reasonCode: 'CANCEL_REQUESTED', reason: 'The clinic cancelled it.' };
  await changeStatus(db.database, id, { to: 'CANCELLED', actor: 'api', ...why });
  const late = { reasonCode: LATE_ANSWER, reason: 'At the pharmacy it is completed.' };
  await reopenOrder(db.database, id, { from: 'CANCELLED', ...late });
  const keep = () => rx(['order', 'keep', id, '--by', 'anna', '--reason', 'they said so']);

  expect(await keep()).toMatchObject({ code: 0, stdout: `${id} CANCELLED: its end is kept\n` });
  const { order } = (await rx(['order', 'show', id, '--json'])).json;
  expect(order).toMatchObject({ status: 'CANCELLED', reasonCode: why.reasonCode });
  // `rx` does not show the text: the organization reads it, and it may be the pharmacy's own.
  const key = await readOrderDataKey(db.database, id);
  const [row] = await db.database`SELECT reason FROM orders WHERE id = ${id}`;
  expect(key?.open('reason', row?.['reason'])).toBe(why.reason);
  expect(order.activity.slice(-2)).toMatchObject([
    { actor: 'operator', event: 'REPAIR_KEEP', by: 'anna', why: 'they said so' },
    { actor: 'operator', fromStatus: 'NEEDS_ATTENTION', toStatus: 'CANCELLED' },
  ]);
  const again = await keep();
  expect(again).toMatchObject({ code: 4, stdout: '' });
  expect(again.stderr).toContain('the order is CANCELLED (WRONG_STATUS)');
  const recorded = await db.database`
    SELECT actor, result FROM audit_log
    WHERE order_id = ${id} AND action = 'ORDER_END_KEPT' ORDER BY id`;
  expect(recorded[0]).toMatchObject({ actor: 'anna', result: 'OK' });
});

it('keeps no end of an order that had not ended before', async () => {
  const id = await place(first, 'one');
  const keep = (orderId: string) =>
    rx(['order', 'keep', orderId, '--by', 'anna', '--reason', 'they said so']);

  const open = await keep(id);
  expect(open).toMatchObject({ code: 4, stdout: '' });
  expect(open.stderr).toContain('the order is ACCEPTED (WRONG_STATUS)');

  await park(id, 'PHARMACY_UNKNOWN', 'No pharmacy.');
  const parked = await keep(id);
  expect(parked).toMatchObject({ code: 4, stdout: '' });
  expect(parked.stderr).toContain(
    'the order had not ended before; retry it or cancel it (NO_END_TO_KEEP)',
  );
  expect((await rx(['order', 'show', id, '--json'])).json.order).toMatchObject({
    status: 'NEEDS_ATTENTION',
    reasonCode: 'PHARMACY_UNKNOWN',
  });
  expect(await keep(randomUUID())).toMatchObject({ code: 3, stdout: '' });
});

it('escapes ids that could control the terminal', async () => {
  await place(first, '\x1b[2Jpharmacy\u202e\u009b');
  const table = await rx(['order', 'list', '--limit', '1']);
  expect(table.stdout).toContain('\\u001b[2Jpharmacy\\u202e\\u009b');
  const json = await rx(['order', 'list', '--limit', '1', '--json']);
  expect(json.stdout).not.toMatch(/[\x1b\u009b\u202e]/);
  expect(json.json.orders[0].pharmacyId).toBe('\x1b[2Jpharmacy\u202e\u009b');
});

it.each([['no-uuid'], [randomUUID()]])('reports that the order %s does not exist', async (id) => {
  const result = await rx(['order', 'show', id]);
  expect(result).toMatchObject({ code: 3, stdout: '' });
  expect(result.stderr).toContain('there is no order with this id');
});
