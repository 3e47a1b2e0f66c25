import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { acceptOrder } from '../../src/orders/accept-order.ts';
import { sealForOrder } from '../../src/orders/order-data-key.ts';
import { documentNameField } from '../../src/orders/read-order.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { createRx, type Rx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { examplePlaceOrder } from '../support/example.ts';
import { createOrganization, HASH_SECRET, TESTER } from '../support/organization.ts';
import { startSimulator, type TestSimulator } from '../support/simulator.ts';

let db: TestDatabase;
let app: TestApp;
let simulator: TestSimulator;
let rx: Rx;
let env: Record<string, string>;

beforeAll(async () => {
  db = await createTestDatabase();
  // The database is a copy of a template that is as old as the test run, and no reconciler runs here.
  await db.database`UPDATE reconciliation SET swept_until = now()`;
  app = await startApp(db.asServer);
  simulator = await startSimulator(`${app.url}/webhooks/pharmacies`);
  await simulator.register(db.database);
  await simulator.control('POST', 'pharmacies/pharmacy-down', { up: true });
  await simulator.control('POST', 'pharmacies/pharmacy-flaky', { faultRate: 0 });
  rx = createRx(db.operatorUrl);
  env = { TEMPORAL_ADDRESS: inject('temporal').address, DOCUMENTS_DIR: app.documentsDir };
});

afterAll(async () => {
  await simulator.stop();
  await app.close();
  await db.drop();
});

/** Returns a function that finds a check in the JSON of `rx doctor`. */
function found(json: { findings: { check: string; result: string; message: string }[] }) {
  return (check: string) => json.findings.find((finding) => finding.check === check);
}

it('reports ok for each check of a healthy system', async () => {
  const { json } = await eventually('every check succeeds', async () => {
    const seen = await rx(['doctor', '--json'], { env });
    // Temporal or a pharmacy may answer late on a busy machine.
    return seen.code === 0 && !seen.stdout.includes('"warn"') && seen;
  });
  const results = json.findings.map(({ check, result }: Record<string, string>) => [check, result]);
  expect(results).toEqual(
    [
      ...['postgres', 'migrations', 'temporal', 'documents', 'outbox', 'reconciler', 'workflows'],
      ...['orders', 'delays', 'inbox', 'deliveries', 'endpoints', 'seals', 'pharmacies'],
    ].map((check) => [check, 'ok']),
  );
});

it('warns about what operators should investigate, and still exits with 0', async () => {
  await simulator.control('POST', 'pharmacies/pharmacy-down', { up: false });
  await db.database`
    INSERT INTO orphan_workflows (workflow_id, reason_code)
    VALUES (${`order-${randomUUID()}`}, 'NO_ORDER')`;
  await db.database`
    INSERT INTO inbox (pharmacy_id, webhook_id, type, received_at)
    VALUES ('pharmacy-123', ${randomUUID()}, 'completed', now() - interval '2 hours')`;
  const { orderId } = await acceptOrder(db.database, HASH_SECRET, {
    ...(await createOrganization(db.database)),
    by: TESTER,
    request: examplePlaceOrder(),
  });
  await db.database`
    UPDATE orders SET delay_code = 'PHARMACY_TIMEOUT', delay_since = now() - interval '5 minutes',
      delay_attempts = 9, delay_next_at = now() WHERE id = ${orderId}`;

  const { code, json } = await rx(['doctor', '--json'], { env });

  const finding = found(json);
  expect(finding('workflows')).toMatchObject({ result: 'warn' });
  expect(finding('inbox')).toMatchObject({ result: 'warn' });
  expect(finding('delays')).toEqual({
    check: 'delays',
    result: 'warn',
    message: '1 orders delayed, the oldest for 5 min',
  });
  expect(finding('pharmacies')?.message).toMatch(/pharmacy-down [A-Z_]+/);
  expect(code).toBe(0);
});

it('warns about orders with a broken seal, also of a document or a shipment, and names them', async () => {
  const organization = await createOrganization(db.database);
  const accept = async (idempotencyKey: string) => {
    const request = { ...examplePlaceOrder(), idempotencyKey };
    const order = { ...organization, by: TESTER, request };
    return (await acceptOrder(db.database, HASH_SECRET, order)).orderId;
  };
  const prescription = await accept('a prescription');
  const tracking = await accept('a shipment');
  const document = await accept('a document');
  const healthy = await accept('healthy');
  const altered = `v1.${'A'.repeat(60)}`;
  await db.database`UPDATE orders SET prescription = ${altered} WHERE id = ${prescription}`;
  await db.database`
    INSERT INTO shipments (order_id, tracking_id, tracking_hash)
    VALUES (${tracking}, ${altered}, '\\x00')`;
  await db.database`
    INSERT INTO documents (id, order_id, pharmacy_document_id, name, content_type, size, sha256, storage_key)
    VALUES (${randomUUID()}, ${document}, 'd', ${altered}, 'application/pdf', 1, 'x', 'k')`;

  const documentId = randomUUID();
  const [readable, name] = [
    await sealForOrder(db.database, healthy, 'trackingId', '1Z'),
    await sealForOrder(db.database, healthy, documentNameField(documentId), 'label.pdf'),
  ];
  await db.database`
    INSERT INTO shipments (order_id, tracking_id, tracking_hash) VALUES (${healthy}, ${readable}, '\\x01')`;
  await db.database`
    INSERT INTO documents (id, order_id, pharmacy_document_id, name, content_type, size, sha256, storage_key)
    VALUES (${documentId}, ${healthy}, 'd', ${name}, 'application/pdf', 1, 'x', 'k2')`;

  const { code, json } = await rx(['doctor', '--json'], { env });

  const seals = found(json)('seals');
  expect(seals).toMatchObject({ result: 'warn' });
  expect(seals?.message).toContain(
    ` orders that changed last decrypted, 3 unreadable: ${document} ${tracking} ${prescription}`,
  );
  expect(seals?.message).not.toContain(healthy);
  expect(code).toBe(0);
});

it('fails and names the search attributes that the namespace lacks', async () => {
  const namespace = `without-attributes-${randomUUID()}`;
  const connection = await Connection.connect({ address: inject('temporal').address });
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  await connection.close();
  await db.database`UPDATE outbox SET attempts = 1, last_error = 'SEARCH_ATTRIBUTE_MISSING_OrderId'`;

  const { code, json } = await eventually('the namespace is known', async () => {
    const seen = await rx(['doctor', '--json'], { env: { ...env, TEMPORAL_NAMESPACE: namespace } });
    return seen.stdout.includes('OrderReasonCode') && seen;
  });

  expect(found(json)('temporal')).toMatchObject({
    result: 'fail',
    message: expect.stringContaining(
      `namespace ${namespace} lacks the search attributes OrderId, OrganizationId, CaseId, PharmacyId, OrderStatus, OrderReasonCode; create them: temporal operator search-attribute create --namespace ${namespace} --name OrderId --type Keyword`,
    ) as string,
  });
  expect(found(json)('outbox')?.message).toMatch(/ failing \(SEARCH_ATTRIBUTE_MISSING_OrderId\)$/);
  expect(code).toBe(1);
});

it('fails when the bucket of documents is unavailable, and says when it cannot know', async () => {
  const bucket = {
    ...{ DOCUMENTS_S3_BUCKET: 'documents', DOCUMENTS_S3_ENDPOINT: 'http://127.0.0.1:1' },
    ...{ DOCUMENTS_S3_ACCESS_KEY_ID: 'test', DOCUMENTS_S3_SECRET_ACCESS_KEY: 'test' },
  };
  const away = await rx(['doctor', '--json'], { env: { ...env, ...bucket } });
  expect(found(away.json)('documents')).toEqual({
    check: 'documents',
    result: 'fail',
    message: 'a file cannot be stored: DOCUMENT_STORE_ECONNREFUSED',
  });
  expect(away.code).toBe(1);

  const unknown = await rx(['doctor', '--json'], { env: { ...env, DOCUMENTS_DIR: '' } });
  expect(found(unknown.json)('documents')?.message).toMatch(/^not checked/);

  const nowhere = `${app.documentsDir}/nowhere`;
  const folder = await rx(['doctor', '--json'], { env: { ...env, DOCUMENTS_DIR: nowhere } });
  expect(found(folder.json)('documents')).toMatchObject({ result: 'warn' });
  expect(existsSync(nowhere)).toBe(false);
});

it('fails when Temporal is unavailable, and when the reconciler has been behind for hours', async () => {
  await db.database`UPDATE reconciliation SET swept_until = now() - interval '3 hours'`;

  const { code, stdout } = await rx(['doctor'], { env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } });

  expect(stdout).toMatch(/^temporal +fail/m);
  expect(stdout).toMatch(/^reconciler +fail +.*3 h ago/m);
  expect(code).toBe(1);
});

it('fails when the schema is outdated or Postgres is unavailable', async () => {
  await db.database`DELETE FROM schema_migrations WHERE name LIKE '0009%'`;
  const behind = await rx(['doctor', '--json'], { env });
  expect(found(behind.json)('migrations')).toEqual({
    check: 'migrations',
    result: 'fail',
    message: 'not applied: 0009-reconciler.sql',
  });
  expect(behind.code).toBe(1);

  const unavailable = await createRx('postgres://rx@127.0.0.1:1/none')(['doctor', '--json'], {
    env,
  });
  expect(found(unavailable.json)('postgres')).toMatchObject({ result: 'fail' });
  expect(found(unavailable.json)('temporal')).toMatchObject({ result: 'ok' });
  expect(unavailable.code).toBe(1);
});
