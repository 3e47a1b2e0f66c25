import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptOrder } from '../../src/orders/accept-order.ts';
import { changeStatus } from '../../src/orders/change-status.ts';
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

  const table = await rx(['order', 'list', '--status', 'NEEDS_ATTENTION']);
  expect(table.stdout).toMatch(new RegExp(`^${a} +NEEDS_ATTENTION +PHARMACY_UNKNOWN +one`, 'm'));
  const unknown = await rx(['order', 'list', '--org', randomUUID()]);
  expect(unknown).toMatchObject({ code: 3, stdout: '' });
});

it('shows an order with its timeline, without data of patient and prescription', async () => {
  const id = await place(first, 'one');
  await park(id, 'X_CODE', 'words of Jane');
  const shown = await rx(['order', 'show', id, '--json']);
  expect(Object.keys(shown.json.order).sort()).toEqual([
    ...['activity', 'caseId', 'createdAt', 'documents', 'id', 'organizationId'],
    ...['organizationName', 'pharmacyId', 'pharmacyOrderId', 'reasonCode', 'sentAt', 'shipments'],
    ...['status', 'updatedAt', 'workflowId'],
  ]);
  expect(shown.json.order).toMatchObject({
    id,
    caseId: first.caseId,
    status: 'NEEDS_ATTENTION',
    reasonCode: 'X_CODE',
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
