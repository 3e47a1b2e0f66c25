import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { storeAccessReason } from '../../src/operators/access-reasons.ts';
import { acceptOrder } from '../../src/orders/accept-order.ts';
import { changeStatus } from '../../src/orders/change-status.ts';
import { createRx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { examplePlaceOrder } from '../support/example.ts';
import {
  createOrganization,
  ENCRYPTION_KEYS,
  HASH_SECRET,
  TESTER,
  type TestOrganization,
} from '../support/organization.ts';

let db: TestDatabase;
let rx: ReturnType<typeof createRx>;
let organization: TestOrganization;
beforeAll(async () => {
  db = await createTestDatabase();
  rx = createRx(db.operatorUrl);
  organization = await createOrganization(db.database);
});
afterAll(() => db.drop());

async function place(): Promise<string> {
  const { organizationId, caseId } = organization;
  const request = { ...examplePlaceOrder(), idempotencyKey: randomUUID() };
  const acceptance = { organizationId, caseId, request, by: TESTER };
  return (await acceptOrder(db.database, HASH_SECRET, acceptance)).orderId;
}

it('rotates an organization’s data key, and shows which keys are in use', async () => {
  await place();
  const before = await rx(['keys', 'status', '--json']);
  expect(before.json).toMatchObject({ masterKeys: ['tests-1'], stale: {} });
  const rotated = await rx(['keys', 'rotate', '--org', organization.organizationId, '--json']);
  expect(rotated.code, rotated.stderr).toBe(0);
  expect(rotated.json.rotation).toEqual({ rotated: 1, resealed: 3, destroyed: 1, broken: [] });
  const after = await rx(['keys', 'status', '--json']);
  const [key] = after.json.dataKeys as { activeKeyId: string; oldKeys: number }[];
  expect(key).toMatchObject({ masterKeyId: 'tests-1', oldKeys: 0 });
  expect(key?.activeKeyId).not.toBe(before.json.dataKeys[0].activeKeyId);
  const table = await rx(['keys', 'status']);
  expect(table.stdout).toContain(organization.organizationId);
  expect(table.stdout).not.toContain(ENCRYPTION_KEYS.split(':')[1]);
});

it.each([
  [['keys', 'rotate'], 'one of --org'],
  [['keys', 'rotate', '--all', '--deployment'], 'one of --org'],
  [['keys', 'rotate', '--master', '--all'], 'cannot be used with'],
])('rejects %j', async (args, rule) => {
  const result = await rx(args);
  expect(result.code).toBe(2);
  expect(result.stderr).toContain(rule);
});

it('reports a missing key, and missing or malformed ENCRYPTION_KEYS', async () => {
  const other = `tests-2:${Buffer.alloc(32, 'o').toString('base64')}`;
  const { organizationId, caseId } = organization;
  const get = ['case', 'get', caseId, '--org', organizationId];
  const lost = await rx(get, { env: { ENCRYPTION_KEYS: other } });
  expect(lost).toMatchObject({ code: 1, stdout: '' });
  expect(lost.stderr).toContain('encryption key tests-1 is unavailable');
  const none = await rx(get, { env: { ENCRYPTION_KEYS: '' } });
  expect(none).toMatchObject({ code: 2, stdout: '' });
  expect(none.stderr).toContain('ENCRYPTION_KEYS is required');
  const malformed = await rx(get, { env: { ENCRYPTION_KEYS: 'secret' } });
  expect(malformed.code).toBe(2);
  expect(malformed.stderr).toContain('ENCRYPTION_KEYS: must be id:key');
});

it('erases an ended order, and reports whether a worker has finished', async () => {
  const orderId = await place();
  const erase = ['order', 'erase', orderId, '--by', 'anna', '--wait', '1s', '--json'];
  const open = await rx(erase);
  expect(open).toMatchObject({ code: 4, stdout: '' });
  expect(open.stderr).toContain('only an order that has ended');
  await changeStatus(db.database, orderId, { to: 'CANCELLED', actor: 'operator' });
  await storeAccessReason(db.database, { orderId, operator: 'anna', reason: 'words of Jane' });
  const erased = await rx(erase);
  expect(erased.json).toEqual({ erasure: { orderId, finished: false } });
  expect((await rx(['order', 'erase', randomUUID()])).code).toBe(3);
  const [row] = await db.database`SELECT data_key FROM orders WHERE id = ${orderId}`;
  expect(row).toEqual({ dataKey: null });
  const reasons = await db.database`SELECT reason FROM access_reasons WHERE order_id = ${orderId}`;
  expect([...reasons]).toEqual([{ reason: null }]);
});

it('sets the retention period of an organization’s orders', async () => {
  const update = (days: string) =>
    rx(['org', 'update', organization.organizationId, '--retention', days, '--json']);
  const first = await update('3650');
  expect(first.code, first.stderr).toBe(0);
  expect(first.json.organization.retentionDays).toBe(3650);
  expect((await update('never')).json.organization.retentionDays).toBeNull();
  expect((await update('0')).code).toBe(2);
});
