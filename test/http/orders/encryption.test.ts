import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { putCase } from '../../../src/cases/put-case.ts';
import { readCase } from '../../../src/cases/read-case.ts';
import { readDelivery } from '../../../src/notifications/endpoints/delivery-row.ts';
import { changeStatus } from '../../../src/orders/change-status.ts';
import { receiveMessage } from '../../../src/orders/inbox.ts';
import { readOrder } from '../../../src/orders/read-order.ts';
import { openDatabase } from '../../../src/storage/database.ts';
import { countStale, reseal } from '../../../src/upkeep/reseal.ts';
import {
  destroyOldKeys,
  readKeyStatus,
  rewrapDataKeys,
  rotateDataKeys,
} from '../../../src/upkeep/rotate-keys.ts';
import { SEALED_COLUMNS } from '../../../src/upkeep/sealed-columns.ts';
import {
  ENCRYPTION_KEYS,
  HASH_SECRET,
  PATIENT_ADDRESS,
  TESTER,
} from '../../support/organization.ts';
import { createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';
import {
  insertDocument,
  openedOrder,
  openedPharmacy,
  withKeysOf,
} from '../../support/sealed-rows.ts';
import { storeDelivery } from '../../support/stored-delivery.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
let pharmacy: TestPharmacy;
async function open(): Promise<void> {
  api = await startTestApi();
  pharmacy = await createPharmacy(api.database);
}
beforeAll(open);
afterAll(() => api.close());

/** Is in every free text field of an order; must not be in the database in clear text. */
const MARK = `Quillfeather${randomUUID().slice(0, 8)}`;

/** Creates an order with a case, a delivery, shipments and a document, all marked. */
async function markedOrder(): Promise<{ orderId: string; caseId: string; deliveryId: string }> {
  api.asServer.keys.forgetActive(); // as if the last rotation were long ago
  const { database, organization } = api;
  const { organizationId } = organization;
  const caseId = randomUUID();
  const address = { ...PATIENT_ADDRESS, addressLine1: MARK };
  const patient = { firstName: MARK, lastName: MARK, address };
  await putCase(database, HASH_SECRET, { organizationId, caseId }, patient, TESTER);
  const { shippingAddress: _, ...order } = exampleWithoutKey().order;
  const answer = await api.place(
    {
      ...{ action: 'PLACE_ORDER', idempotencyKey: `${MARK}-${caseId}` },
      order: { ...order, pharmacyId: pharmacy.id, diagnosis: MARK },
    },
    { caseId },
  );
  const orderId = answer.json.data.order.id as string;
  const { deliveryId } = await storeDelivery(database, organizationId, {
    url: `https://hooks.example.com/${caseId}`,
    orderId,
  });
  await changeStatus(database, orderId, {
    ...({ to: 'NEEDS_ATTENTION', actor: 'system' } as const),
    ...{ reasonCode: 'X', reason: MARK, pharmacyOrderId: caseId },
  });
  const shipment = { trackingId: MARK, carrier: MARK, trackingUrl: `https://example.com/${MARK}` };
  const report = async (of: { reference: string } | { pharmacyOrderId: string }) => {
    const message = { webhookId: randomUUID(), type: 'tracking_added', shipment, ...of } as const;
    await receiveMessage(database, pharmacy.id, message, TESTER);
  };
  await report({ reference: orderId });
  // A message that matches no order is kept completely.
  await report({ pharmacyOrderId: randomUUID() });
  const document = { id: randomUUID(), size: 1, sha256: 'ab'.repeat(32) };
  await insertDocument(database, orderId, { ...document, name: MARK, storageKey: 'place' });
  return { orderId, caseId, deliveryId };
}

async function tables(): Promise<string[]> {
  const rows = await api.database<{ name: string }[]>`
    SELECT table_name AS name FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`;
  return rows.map(({ name }) => name);
}

/** The rows of a table as text. */
async function dump(table: string): Promise<string> {
  const rows = await api.database<{ row: string }[]>`
    SELECT t::text AS row FROM ${api.database(table)} AS t`;
  return rows.map(({ row }) => row).join('\n');
}

/** Reads the order and its case as the API shows them, and the stored prescription. */
async function shown(orderId: string, caseId: string) {
  const { organizationId } = api.organization;
  const order = await readOrder(api.database, { organizationId, orderId, caseId });
  const { patient } = await readCase(api.database, organizationId, caseId);
  const { prescription, shippingAddress } = await openedOrder(api.database, orderId);
  return { order, patient, prescription, shippingAddress };
}

it('leaves nothing of the patient or the prescription in clear text in any table', async () => {
  const { orderId, caseId } = await markedOrder();
  for (const table of await tables()) expect(await dump(table), table).not.toContain(MARK);
  const { order, patient, prescription, shippingAddress } = await shown(orderId, caseId);
  expect(order).toMatchObject({
    reason: MARK,
    idempotencyKey: `${MARK}-${caseId}`,
    shipments: [{ trackingId: MARK, carrier: MARK }],
    documents: [{ name: MARK }],
  });
  expect(patient.firstName).toBe(MARK);
  expect(prescription.diagnosis).toBe(MARK);
  expect(shippingAddress?.addressLine1).toBe(MARK);
});

/** Expects that a value of the order is refused, or that the order is shown without it and marked. */
async function expectBroken(orderId: string, caseId: string): Promise<void> {
  const read = await shown(orderId, caseId).catch((error: unknown) => error);
  if (read instanceof Error) expect(read).toMatchObject({ code: 'SEAL_BROKEN' });
  else expect(read).toMatchObject({ order: { unreadable: true } });
}

describe('a tampered value', () => {
  it.each(['prescription', 'reason', 'idempotency_key', 'data_key', 'case_address', 'case_key'])(
    'cannot be decrypted: orders.%s with one changed character, or from another order',
    async (column) => {
      const { database } = api;
      const [one, two] = [await markedOrder(), await markedOrder()];
      await expect(shown(one.orderId, one.caseId)).resolves.toBeDefined();
      await database`
        UPDATE orders SET ${database(column)} = overlay(${database(column)} PLACING
          CASE WHEN substr(${database(column)}, 50, 1) = 'A' THEN 'B' ELSE 'A' END FROM 50 FOR 1)
        WHERE id = ${one.orderId}`;
      await expectBroken(one.orderId, one.caseId);
      await database`
        UPDATE orders SET ${database(column)} = other.${database(column)} FROM orders AS other
        WHERE orders.id = ${one.orderId} AND other.id = ${two.orderId}`;
      await expectBroken(one.orderId, one.caseId);
    },
  );

  it('causes a 500 without details where the bytes of a document depend on it', async () => {
    const [{ orderId, caseId }, other] = [await markedOrder(), await markedOrder()];
    const [document] = await api.database`SELECT id FROM documents WHERE order_id = ${orderId}`;
    await api.database`
      UPDATE orders SET data_key = (SELECT data_key FROM orders WHERE id = ${other.orderId})
      WHERE id = ${orderId}`;
    const url = `/api/v1/cases/${caseId}/orders/${orderId}/documents/${document?.['id']}`;
    const answer = await api.get(url);
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain(MARK);
    expect(api.app.log.lines).toContainEqual(
      expect.objectContaining({ fields: { orderId, code: 'SEAL_BROKEN' } }),
    );
  });
});

describe('a rotation', () => {
  const provider = () => withKeysOf(ENCRYPTION_KEYS).keys;
  const quietly = () => reseal(api.database, () => undefined, new AbortController().signal);
  beforeAll(async () => {
    await api.close();
    await open();
  });

  it('knows every column that is encrypted with data keys', async () => {
    await markedOrder();
    const known = SEALED_COLUMNS.map(({ name }) => name);
    const columns = await api.database<{ table: string; name: string }[]>`
      SELECT table_name AS table, column_name AS name FROM information_schema.columns
      WHERE table_schema = 'public' AND data_type = 'text'`;
    for (const { table, name } of columns) {
      const [found] = await api.database`
        SELECT FROM ${api.database(table)}
        WHERE ${api.database(name)} ~ '^v1\\.[0-9a-f]{8}-[0-9a-f]{4}-' LIMIT 1`;
      if (found !== undefined) expect(known).toContain(`${table}.${name}`);
    }
  });

  it('re-encrypts everything; all of it can be decrypted, and unused old keys are destroyed', async () => {
    const { database, organization } = api;
    const { orderId, caseId, deliveryId } = await markedOrder();
    const before = await shown(orderId, caseId);
    const owners = (await readKeyStatus(database)).map(({ organizationId }) => organizationId);
    expect(owners).toContain(organization.organizationId);

    expect(await rotateDataKeys(database, provider(), owners)).toBe(owners.length);
    expect((await countStale(database)).get('orders.data_key')).toBeGreaterThan(0);
    expect(await destroyOldKeys(database, 0)).toBe(0); // all in use
    expect(await shown(orderId, caseId)).toEqual(before);
    const placedAfter = await markedOrder();

    expect((await quietly()).done).toBeGreaterThan(0);
    expect([...(await countStale(database)).values()].every((count) => count === 0)).toBe(true);
    expect(await quietly()).toEqual({ done: 0, broken: [] });
    expect(await destroyOldKeys(database, 60_000)).toBe(0); // another process may still encrypt with them
    expect(await destroyOldKeys(database, 0)).toBe(owners.length);

    const fresh = openDatabase(api.databaseUrl, 2, withKeysOf(ENCRYPTION_KEYS));
    const { organizationId } = organization;
    const read = await readOrder(fresh, { organizationId, orderId, caseId });
    expect(read).toEqual(before.order);
    expect(await openedPharmacy(fresh, pharmacy.id)).toMatchObject({
      webhookAuth: { kind: 'standard-webhooks' },
    });
    await fresh.end();
    expect(await shown(placedAfter.orderId, placedAfter.caseId)).toBeDefined();
    const delivery = await readDelivery(database, organizationId, deliveryId);
    expect(delivery.attempts[0]?.answerStart).toBe('busy');
  });

  it('continues where it was stopped', async () => {
    const { database, organization } = api;
    await markedOrder();
    await rotateDataKeys(database, provider(), [organization.organizationId]);
    const stopping = new AbortController();
    await reseal(database, () => stopping.abort(), stopping.signal);
    const left = [...(await countStale(database)).values()].reduce((a, b) => a + b, 0);
    expect(left).toBeGreaterThan(0);
    expect(await quietly()).toEqual({ done: left, broken: [] });
  });

  it('skips a tampered row, and names it', async () => {
    const { database, organization } = api;
    const { orderId } = await markedOrder();
    const [row] = await database`
      UPDATE orders SET data_key = data_key || 'A' WHERE id = ${orderId} RETURNING data_key`;
    await rotateDataKeys(database, provider(), [organization.organizationId]);
    const { broken } = await quietly();
    expect(broken).toEqual([`orders.data_key of ${orderId}`]);
    expect(await database`SELECT data_key FROM orders WHERE id = ${orderId}`).toEqual([row]);
    await destroyOldKeys(database, 0); // keeps the key of the tampered row, which may be repaired
    await database`UPDATE orders SET data_key = left(data_key, -1) WHERE id = ${orderId}`;
    expect(await quietly()).toEqual({ done: 1, broken: [] });
  });

  it('of the master key leaves the old one unused; a missing one is named', async () => {
    const { database } = api;
    const { orderId, caseId } = await markedOrder();
    const added = `tests-2:${Buffer.alloc(32, 'u').toString('base64')}`;
    const both = withKeysOf(`${added},${ENCRYPTION_KEYS}`);
    const key = { organizationId: api.organization.organizationId, orderId, caseId };
    const tooSoon = openDatabase(api.databaseUrl, 2, withKeysOf(added));
    await expect(readOrder(tooSoon, key)).rejects.toThrow(/encryption key tests-1 is unavailable/);

    expect(await rewrapDataKeys(database, both.keys)).toBeGreaterThan(0);
    const status = await readKeyStatus(database);
    expect(new Set(status.map(({ masterKeyId }) => masterKeyId))).toEqual(new Set(['tests-2']));
    expect((await readOrder(tooSoon, key)).reason).toBe(MARK);
    await tooSoon.end();
    await rewrapDataKeys(database, withKeysOf(`${ENCRYPTION_KEYS},${added}`).keys);
  });
});
