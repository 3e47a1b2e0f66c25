import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { WorkflowNotFoundError } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { putCase } from '../../../src/cases/put-case.ts';
import { createFileStore } from '../../../src/documents/file-store.ts';
import { OperatorConflictError, UnknownIdError } from '../../../src/lib/operator-errors.ts';
import type { PeriodicTask } from '../../../src/lib/run-periodically.ts';
import { listEvents } from '../../../src/notifications/events/list-events.ts';
import { sealAnswer } from '../../../src/notifications/sealed-answer.ts';
import { acceptOrder } from '../../../src/orders/accept-order.ts';
import { changeStatus } from '../../../src/orders/change-status.ts';
import { receiveMessage } from '../../../src/orders/inbox.ts';
import { CaseNotPermittedError } from '../../../src/orders/order-errors.ts';
import { createDeleteWorkflow } from '../../../src/temporal/delete-workflow.ts';
import { eraseOrder } from '../../../src/upkeep/erase-order.ts';
import type { ExternalData } from '../../../src/upkeep/finish-erasures.ts';
import { eraseExpired, startEraser } from '../../../src/upkeep/start-eraser.ts';
import { orderWorkflowId } from '../../../src/workflows/order-messages.ts';
import { createEndpoint } from '../../support/deliveries.ts';
import { eventually } from '../../support/eventually.ts';
import { examplePlaceOrder } from '../../support/example.ts';
import { createKeptLog, type KeptLog } from '../../support/logs.ts';
import { HASH_SECRET, PATIENT_ADDRESS, TESTER } from '../../support/organization.ts';
import { createWorld, type World } from '../../support/world.ts';

const ANNA = { actorKind: 'operator', actor: 'anna' } as const;

let world: World;
let connection: NativeConnection;
let eraser: PeriodicTask | undefined;
let log: KeptLog;
beforeAll(async () => {
  world = await createWorld();
  connection = await NativeConnection.connect({ address: inject('temporal').address });
});
afterAll(async () => {
  await eraser?.stop();
  await connection.close();
  await world.close();
});

/** Starts the worker’s eraser; `broken` replaces some of its dependencies. */
function start(broken: Partial<ExternalData> = {}): PeriodicTask {
  log = createKeptLog();
  eraser = startEraser({
    documents: createFileStore(world.worker.documentsDir),
    deleteWorkflow: createDeleteWorkflow(connection, 'default'),
    workflowIds: (orderId) => [orderWorkflowId(orderId)],
    ...broken,
    ...{ database: world.db.database, everyMs: 100, log },
  });
  return eraser;
}

const { order: EXAMPLE } = examplePlaceOrder();
const files = (orderId: string) =>
  readdir(path.join(world.worker.documentsDir, orderId)).catch(() => []);

async function createCase(): Promise<string> {
  const caseId = randomUUID();
  const { organizationId } = world.organization;
  const patient = {
    ...{ firstName: 'Ada', lastName: 'Sample', email: 'ada@example.com' },
    address: PATIENT_ADDRESS,
  };
  await putCase(world.db.database, HASH_SECRET, { organizationId, caseId }, patient, TESTER);
  return caseId;
}

async function placeFor(caseId: string, pharmacyId = 'pharmacy-123'): Promise<string> {
  const order = { ...EXAMPLE, pharmacyId };
  const request = { action: 'PLACE_ORDER', order } as const;
  const { organizationId } = world.organization;
  const acceptance = { organizationId, caseId, request, by: TESTER };
  return (await acceptOrder(world.db.database, HASH_SECRET, acceptance)).orderId;
}

async function isDone(orderId: string): Promise<boolean> {
  const rows = await world.db.database`
    SELECT FROM orders WHERE id = ${orderId} AND erasure_done_at IS NOT NULL`;
  return rows.length > 0;
}

const row = async (orderId: string) => {
  const [found] = await world.db.database`SELECT * FROM orders WHERE id = ${orderId}`;
  return found;
};

describe('an erased order', () => {
  it('loses patient, documents, answers and workflow, and keeps ids, codes and counts', {
    timeout: 120_000,
  }, async () => {
    const { database } = world.db;
    const { organizationId } = world.organization;
    await createEndpoint(database, organizationId, 'https://hooks.example.com/erased');
    const caseId = await createCase();
    const orderId = await placeFor(caseId);
    const before = await world.reach(orderId, 'COMPLETED');
    await world.ended(orderId);
    expect(await files(orderId)).toHaveLength(before.documents.length);
    const [delivery] = await database<{ id: string }[]>`
      SELECT d.id FROM webhook_deliveries AS d JOIN events ON events.id = event_id
      WHERE order_id = ${orderId} LIMIT 1`;
    const answer = await sealAnswer(database, organizationId, delivery!.id, 'echo');
    await database`
      INSERT INTO webhook_attempts (delivery_id, duration_ms, answer_start)
      VALUES (${delivery!.id}, 1, ${answer})`;

    await eraseOrder(database, orderId, ANNA);
    await eraseOrder(database, orderId, ANNA);
    start();
    await eventually('the erasure is finished', () => isDone(orderId));
    await eraser?.stop();

    expect(await files(orderId)).toEqual([]);
    const isDeleted = async () => {
      const workflow = world.worker.client.workflow.getHandle(orderWorkflowId(orderId));
      const error: unknown = await workflow.describe().catch((thrown: unknown) => thrown);
      return error instanceof WorkflowNotFoundError;
    };
    // The Temporal server takes about twenty seconds to delete a closed workflow.
    await eventually('Temporal has deleted the workflow', isDeleted, 90_000);
    expect(await row(orderId)).toMatchObject({
      ...{ status: 'COMPLETED', caseId, dataKey: null, prescription: null, caseAddress: null },
      ...{ shippingAddress: null, reason: null, idempotencyKey: null },
    });
    const [stored] = await database`SELECT * FROM cases WHERE id = ${caseId}`;
    expect(stored).toMatchObject({ patient: null, address: null, dataKey: null });
    const attempts = await database`
      SELECT answer_start FROM webhook_attempts WHERE delivery_id = ${delivery!.id}`;
    expect(attempts.every(({ answerStart }) => answerStart === null)).toBe(true);
    const open = await database`
      SELECT FROM webhook_deliveries AS d JOIN events ON events.id = event_id
      WHERE order_id = ${orderId} AND status IN ('PENDING', 'RETRYING')`;
    expect(open).toHaveLength(0);
    const [activity] = await database`
      SELECT actor, detail FROM order_activity WHERE order_id = ${orderId} AND event = 'ERASED'`;
    expect(activity).toEqual({
      actor: 'operator',
      detail: { by: 'anna', documents: before.documents.length, shipments: 0 },
    });
    const shown = await world.client.get(orderId);
    expect(shown).toMatchObject({ status: 'COMPLETED', documents: [], idempotencyKey: null });
    const events = await listEvents(database, organizationId, { limit: 50 });
    expect(JSON.stringify(events)).toContain('"fileName":"erased"');
  });

  it('must exist and have ended', async () => {
    const orderId = await world.place('pharmacy-manual');
    await world.reach(orderId, 'AWAITING_COMPLETION');
    const erasing = eraseOrder(world.db.database, orderId, ANNA);
    await expect(erasing).rejects.toThrow(OperatorConflictError);
    await expect(eraseOrder(world.db.database, randomUUID(), ANNA)).rejects.toThrow(UnknownIdError);
    expect((await row(orderId))?.['dataKey']).not.toBeNull();
  });

  it('keeps the patient of the case until its last order is erased', async () => {
    const { database } = world.db;
    const caseId = await createCase();
    const [one, two] = [await placeFor(caseId), await placeFor(caseId)];
    for (const orderId of [one, two]) await world.reach(orderId, 'COMPLETED');
    const patient = async () => {
      const [found] = await database`
        SELECT coalesce(patient, email_hash::text) AS patient FROM cases WHERE id = ${caseId}`;
      return found?.['patient'] as string | null;
    };
    await eraseOrder(database, one, ANNA);
    expect(await patient()).not.toBeNull();
    expect((await world.client.get(two)).documents).toHaveLength(2);
    await eraseOrder(database, two, ANNA);
    expect(await patient()).toBeNull();
    // A case without a patient accepts no orders; it can be stored again.
    await expect(placeFor(caseId)).rejects.toThrow(CaseNotPermittedError);
    const { organizationId } = world.organization;
    const again = { firstName: 'Ada', lastName: 'Sample' };
    await putCase(database, HASH_SECRET, { organizationId, caseId }, again, TESTER);
    await world.reach(await placeFor(caseId), 'COMPLETED');
  });

  it('stays erased and ended after a late message of its pharmacy', async () => {
    const { database } = world.db;
    const orderId = await placeFor(await createCase(), 'pharmacy-manual');
    await world.reach(orderId, 'AWAITING_COMPLETION');
    await changeStatus(database, orderId, { to: 'EXPIRED', actor: 'system' });
    await eraseOrder(database, orderId, ANNA);
    const late = { webhookId: randomUUID(), reference: orderId } as const;
    const shipment = { trackingId: 'LATE-1' };
    const message = { ...late, type: 'tracking_added', shipment } as const;
    await receiveMessage(database, 'pharmacy-manual', message, TESTER);
    expect(await row(orderId)).toMatchObject({ status: 'EXPIRED', dataKey: null });
    expect(await database`SELECT FROM shipments WHERE order_id = ${orderId}`).toHaveLength(0);
    const [stored] =
      await database`SELECT shipment FROM inbox WHERE webhook_id = ${late.webhookId}`;
    expect(stored?.['shipment']).toBeNull();
  });
});

it('finishes an erasure in a later round after a failure of the store or of Temporal', async () => {
  const orderId = await placeFor(await createCase());
  await world.reach(orderId, 'COMPLETED');
  await world.ended(orderId);
  await eraseOrder(world.db.database, orderId, ANNA);
  const failing = () => Promise.reject(Object.assign(new Error('secret'), { code: 'AWAY' }));
  for (const broken of [{ documents: { removeAll: failing } }, { deleteWorkflow: failing }]) {
    start(broken);
    await eventually('the failure is logged', async () =>
      log.lines.some(({ fields }) => fields?.code === 'AWAY'),
    );
    await eraser?.stop();
    expect(await isDone(orderId)).toBe(false);
  }
  start();
  await eventually('the erasure is finished', () => isDone(orderId));
  await eraser?.stop();
  expect(await files(orderId)).toEqual([]);
});

it('erases an order automatically after the retention time, and not before', async () => {
  const { database } = world.db;
  const { organizationId } = world.organization;
  const [old, young] = [await placeFor(await createCase()), await placeFor(await createCase())];
  for (const orderId of [old, young]) await world.reach(orderId, 'COMPLETED');
  await database`
    UPDATE orders SET updated_at = now() - interval '31 days' WHERE id = ${old}`;
  expect(await eraseExpired(database)).toBe(0);
  await database`UPDATE organizations SET retention_days = 30 WHERE id = ${organizationId}`;
  expect(await eraseExpired(database)).toBe(1);
  expect((await row(old))?.['erasedAt']).toBeInstanceOf(Date);
  expect((await row(young))?.['erasedAt']).toBeNull();
  const [activity] = await database`
    SELECT actor, detail FROM order_activity WHERE order_id = ${old} AND event = 'ERASED'`;
  expect(activity).toMatchObject({ actor: 'system', detail: { by: 'retention', documents: 2 } });
});
