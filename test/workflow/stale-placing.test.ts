import type { ServerResponse } from 'node:http';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createActivities } from '../../src/activities/create-activities.ts';
import { withPharmacySlots } from '../../src/activities/pharmacy-slots.ts';
import { createFileStore } from '../../src/documents/file-store.ts';
import { createSealedDocuments } from '../../src/documents/sealed-documents.ts';
import { acceptOrder } from '../../src/orders/accept-order.ts';
import { changeStatus } from '../../src/orders/change-status.ts';
import { createPharmacyDirectory } from '../../src/pharmacy/directory.ts';
import { addPharmacy } from '../../src/pharmacy/registry.ts';
import { createSdkLog } from '../../src/temporal/sdk-log.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { examplePlaceOrder } from '../support/example.ts';
import { LOOPBACK } from '../support/foreign.ts';
import { createKeptLog } from '../support/logs.ts';
import { createOrganization, HASH_SECRET, TESTER } from '../support/organization.ts';
import { type FakePharmacy, json, startFakePharmacy } from '../unit/pharmacy/fake-pharmacy.ts';

let db: TestDatabase;
let pharmacy: FakePharmacy;
beforeAll(async () => {
  db = await createTestDatabase();
  pharmacy = await startFakePharmacy();
});
afterAll(async () => {
  await pharmacy.close();
  await db.drop();
});

/** Creates a validated order at the fake pharmacy. */
async function validatedOrder(): Promise<string> {
  const { organizationId, caseId } = await createOrganization(db.database);
  const pharmacyId = `pharmacy-${crypto.randomUUID()}`;
  const settings = { id: pharmacyId, kind: 'rest', baseUrl: pharmacy.url, token: 'token' };
  const webhookAuth = { kind: 'none' } as const;
  await addPharmacy(db.database, { ...settings, webhookAuth, completionLimitMs: null }, false);
  const order = { ...examplePlaceOrder().order, pharmacyId };
  const request = { action: 'PLACE_ORDER', order } as const;
  const acceptance = { organizationId, caseId, request, by: TESTER };
  const { orderId } = await acceptOrder(db.database, HASH_SECRET, acceptance);
  return orderId;
}

function attemptToPlace(orderId: string): Promise<unknown> {
  const environment = new MockActivityEnvironment({}, { logger: createSdkLog(createKeptLog()) });
  const { placeOrder } = createActivities({
    database: db.database,
    pharmacies: withPharmacySlots(
      createPharmacyDirectory(db.database, {
        timeoutMs: 20_000,
        foreign: LOOPBACK,
      }),
      0,
    ),
    documents: createSealedDocuments(createFileStore('unused')),
    settings: {
      timeoutMs: 20_000,
      retryInitialMs: 50,
      retryMaxMs: 50,
      pollInitialMs: 50,
      pollMaxMs: 50,
      completionLimitMs: 50,
      graceMs: 50,
      documentLimitBytes: 50,
    },
  });
  return environment.run(placeOrder, orderId);
}

async function stateOf(orderId: string) {
  const [row] = await db.database`
    SELECT status, reason_code, pharmacy_order_id FROM orders WHERE id = ${orderId}`;
  return row;
}

it('a stale attempt does not move an order in NEEDS_ATTENTION; its pharmacy order id is kept', async () => {
  const orderId = await validatedOrder();
  const held: ServerResponse[] = [];
  pharmacy.answer((response) => held.push(response));
  const stale = attemptToPlace(orderId).catch((error: unknown) => error);
  await eventually('the stale attempt has reached the pharmacy', async () => held.length === 1);

  pharmacy.answer(json(401, {}));
  const second = await attemptToPlace(orderId);
  expect(second).toEqual({ outcome: 'needs-attention', reasonCode: 'PHARMACY_HTTP_401' });

  const order = { id: 'rx-late', reference: orderId, status: 'accepted' };
  json(201, order)(held[0]!, pharmacy.seen[0]!);
  expect(await stale).toMatchObject({ message: 'ATTEMPT_SUPERSEDED' });
  expect(await stateOf(orderId)).toMatchObject({
    status: 'NEEDS_ATTENTION',
    reasonCode: 'PHARMACY_HTTP_401',
    pharmacyOrderId: 'rx-late',
  });

  // The retry uses the id that the stale attempt recorded: nothing is placed a second time.
  const requestsBefore = pharmacy.seen.length;
  expect(await attemptToPlace(orderId)).toEqual({ outcome: 'done', settled: false });
  expect(await stateOf(orderId)).toMatchObject({ status: 'AWAITING_COMPLETION' });
  expect(pharmacy.seen).toHaveLength(requestsBefore);
});

it('a fault of a stale attempt does not move an order that went on', async () => {
  const orderId = await validatedOrder();
  const held: ServerResponse[] = [];
  pharmacy.answer((response) => held.push(response));
  const stale = attemptToPlace(orderId).catch((error: unknown) => error);
  await eventually('the stale attempt has reached the pharmacy', async () => held.length === 1);

  pharmacy.answer(json(201, { id: 'rx-1', reference: orderId, status: 'accepted' }));
  expect(await attemptToPlace(orderId)).toEqual({ outcome: 'done', settled: false });
  json(403, {})(held[0]!, pharmacy.seen[0]!);
  expect(await stale).toBeInstanceOf(Error);
  expect(await stateOf(orderId)).toMatchObject({
    status: 'AWAITING_COMPLETION',
    pharmacyOrderId: 'rx-1',
  });
});

it('a stale attempt does not send an order in NEEDS_ATTENTION', async () => {
  const orderId = await validatedOrder();
  const change = { actor: 'system', from: 'ACCEPTED' } as const;
  await changeStatus(db.database, orderId, { ...change, to: 'NEEDS_ATTENTION' });
  const sending = await changeStatus(db.database, orderId, {
    ...change,
    to: 'PLACING',
    sent: true,
  });
  expect(sending).toEqual({ changed: false, status: 'NEEDS_ATTENTION' });
});
