import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { type Stack, startStack } from '../../sandbox/stack.ts';
import { createOrderClient } from '../../src/client.ts';
import { orderWorkflowId, retryUpdate } from '../../src/workflows/order-messages.ts';
import { webhookDeliveryWorkflowId } from '../../src/workflows/webhook-delivery-messages.ts';
import { DATA_CONVERTER } from '../support/data-converter.ts';
import { examplePlaceOrder } from '../support/example.ts';
import { ENCRYPTION_KEYS } from '../support/organization.ts';
import { saveHistory } from '../support/save-history.ts';
import { makeDelivery } from './make-delivery.ts';
import { recordInterruptedPlacings, recordNews, recordRepairs } from './record-late-changes.ts';

// Records the histories that `replay.test.ts` replays, from orders on the sandbox:
//   node --import tsx test/replay/record.ts <suffix> [<part of a name> …]
// Each history is named after what it proves. Earlier histories stay, because open orders of earlier
// versions have the same shape.

const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';
const DEMO_ORGANIZATION = '0198a000-0000-7000-8000-000000000001';
const HEADERS = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };

const [suffix = 'v1', ...wanted] = process.argv.slice(2);
const isWanted = (name: string) =>
  wanted.length === 0 || wanted.some((part) => name.includes(part));
const dataDir = await mkdtemp(path.join(os.tmpdir(), 'rx-record-'));
const stack = await startStack({
  dataDir,
  ports: 'free',
  env: {
    ...process.env,
    POLL_INITIAL_MS: '2000',
    COMPLETION_LIMIT_MS: '15000',
    RECONCILE_EVERY_MS: '1000',
    // Time to lose an answer before the next attempt.
    RETRY_INITIAL_MS: '1000',
    WEBHOOK_RETRY_SCHEDULE_MS: '100,100',
    DATABASE_URL: '',
    // The replay decrypts with the same keys.
    ENCRYPTION_KEYS,
  },
  log: { write: () => true },
  news: process.stderr,
});
const connection = await Connection.connect({ address: stack.temporalAddress });
const client = new Client({ connection, dataConverter: DATA_CONVERTER });
const orders = createOrderClient({
  organizationId: DEMO_ORGANIZATION,
  databaseUrl: stack.env['DATABASE_URL'] ?? '',
  hashSecret: stack.env['HASH_SECRET'] ?? '',
  encryptionKeys: ENCRYPTION_KEYS,
  temporal: { address: stack.temporalAddress },
});
try {
  await record('completes-by-webhook', 'pharmacy-123', 'COMPLETED');
  await record('completes-by-webhook-between-two-polls', 'pharmacy-slow', 'COMPLETED');
  await record('completes-by-polling-when-no-webhook-comes', 'pharmacy-silent', 'COMPLETED');
  await record('completes-after-lost-reply', 'pharmacy-lost-reply', 'COMPLETED');
  await record('completes-by-webhook-before-the-answer', 'pharmacy-early', 'COMPLETED');
  await record('ends-rejected-when-pharmacy-refuses', 'pharmacy-refuses', 'REJECTED');
  await record('ends-rejected-after-acceptance', 'pharmacy-rejects', 'REJECTED');
  await record('expires-after-the-limit', 'pharmacy-manual', 'EXPIRED');
  await record('needs-attention-after-document-mismatches', 'pharmacy-corrupt', 'NEEDS_ATTENTION');
  await record(
    'needs-attention-again-after-retry',
    'pharmacy-corrupt',
    'NEEDS_ATTENTION',
    async (id) => {
      await sleep(500); // the workflow follows the status in Postgres
      await client.workflow.getHandle(orderWorkflowId(id)).executeUpdate(retryUpdate.name);
      await reach(stack, id, 'FETCHING_DOCUMENTS');
      await reach(stack, id, 'NEEDS_ATTENTION');
    },
  );
  await record(
    'needs-attention-in-the-replacement-of-a-lost-run',
    'pharmacy-corrupt',
    'NEEDS_ATTENTION',
    async (id) => {
      const lost = client.workflow.getHandle(orderWorkflowId(id));
      const { runId } = await lost.describe();
      await lost.terminate();
      for (let check = 0; check < 300 && (await lost.describe()).runId === runId; check += 1) {
        await sleep(100);
      }
      await sleep(500);
      await lost.executeUpdate(retryUpdate.name);
      await reach(stack, id, 'FETCHING_DOCUMENTS');
      await reach(stack, id, 'NEEDS_ATTENTION');
    },
  );
  await record(
    'still-open-waiting-with-a-wrong-hint',
    'pharmacy-manual',
    'AWAITING_COMPLETION',
    async (id) => {
      await client.workflow.getHandle(orderWorkflowId(id)).signal('orderCompleted');
      await sleep(1_500);
    },
  );
  await recordCancellations();
  const recorder = {
    ...{ stack, record, setPharmacy, control },
    reach: (id: string, status: string) => reach(stack, id, status),
    cancel: async (id: string) => void (await orders.handle(id).cancel()),
    workflow: (id: string) => client.workflow.getHandle(orderWorkflowId(id)),
  };
  await recordRepairs(recorder);
  await recordInterruptedPlacings(recorder);
  await recordNews(recorder);
  await delivery('delivers-when-the-endpoint-recovers', [503, 204], 'DELIVERED');
  await delivery('delivery-fails-after-the-whole-schedule', [503], 'DEAD');
  await delivery('delivery-is-held-while-its-endpoint-is-paused', [503], 'PENDING', true);
} finally {
  await orders.close();
  await connection.close();
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
}

async function recordCancellations(): Promise<void> {
  const cancel = (id: string) => orders.handle(id).cancel();
  const cancelled = async (id: string) => {
    await cancel(id);
    await reach(stack, id, 'CANCELLED');
  };
  /** Gives the workflow time to follow the status in Postgres. */
  const workflowFollows = () => sleep(500);

  await record(
    'ends-cancelled-in-needs-attention-before-placing',
    'pharmacy-nobody-knows',
    'NEEDS_ATTENTION',
    async (id) => {
      await workflowFollows();
      await cancelled(id);
    },
  );
  await record(
    'ends-cancelled-at-the-pharmacy',
    'pharmacy-manual',
    'AWAITING_COMPLETION',
    async (id) => {
      await workflowFollows();
      await cancelled(id);
    },
  );
  await record(
    'ends-cancelled-between-two-polls',
    'pharmacy-manual',
    'AWAITING_COMPLETION',
    async (id) => {
      await sleep(3_500); // the first poll comes after two seconds
      await cancelled(id);
    },
  );
  await setPharmacy('pharmacy-manual', { cancellable: false });
  await record(
    'completes-after-a-refused-cancellation',
    'pharmacy-manual',
    'AWAITING_COMPLETION',
    async (id) => {
      await workflowFollows();
      await cancel(id);
      await workflowFollows();
      await control(`orders/${id}/advance`, { to: 'completed' });
      await reach(stack, id, 'COMPLETED');
    },
  );
  await record(
    'completes-found-by-a-refused-cancellation',
    'pharmacy-manual',
    'AWAITING_COMPLETION',
    async (id) => {
      await setPharmacy('pharmacy-manual', { webhooks: false });
      await control(`orders/${id}/advance`, { to: 'completed' });
      await cancel(id);
      await reach(stack, id, 'COMPLETED');
    },
  );
  await record(
    'needs-attention-after-a-refused-cancellation',
    'pharmacy-corrupt',
    'NEEDS_ATTENTION',
    async (id) => {
      await workflowFollows();
      await cancel(id);
      await sleep(1_500);
    },
  );
  await record(
    'ends-cancelled-in-needs-attention-after-placing',
    'pharmacy-manual',
    'NEEDS_ATTENTION',
    async (id) => {
      await workflowFollows();
      await setPharmacy('pharmacy-manual', { cancellable: true });
      await cancelled(id);
    },
  );
}

async function setPharmacy(pharmacyId: string, behaviour: object): Promise<void> {
  await control(`pharmacies/${pharmacyId}`, behaviour);
}

async function control(route: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(`${stack.simulatorUrl}/control/${route}`, init);
  if (!response.ok) throw new Error(`${route}: ${response.status}`);
}

async function delivery(
  name: string,
  answers: readonly number[],
  status: string,
  paused = false,
): Promise<void> {
  if (!isWanted(name)) return;
  const deliveryId = await makeDelivery(stack, DEMO_ORGANIZATION, { answers, status, paused });
  await save(name, webhookDeliveryWorkflowId(deliveryId));
}

async function record(
  name: string,
  pharmacyId: string,
  status: string,
  then: (orderId: string) => Promise<void> = async () => {},
  workflowIdOf = orderWorkflowId,
): Promise<void> {
  if (!isWanted(name)) return;
  const request = examplePlaceOrder();
  const body = JSON.stringify({
    ...request,
    idempotencyKey: name,
    order: { ...request.order, pharmacyId },
  });
  const response = await fetch(stack.baseUrl + CASE, { method: 'POST', headers: HEADERS, body });
  const { data } = (await response.json()) as { data: { order: { id: string } } };
  await reach(stack, data.order.id, status);
  await then(data.order.id);
  await save(name, workflowIdOf(data.order.id));
}

async function save(name: string, workflowId: string): Promise<void> {
  await sleep(500); // until the last workflow task has completed
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  await saveHistory(`${name}.${suffix}`, history);
  process.stderr.write(`${name}: ${history.events?.length ?? 0} events\n`);
}

async function reach({ baseUrl }: Stack, orderId: string, status: string): Promise<void> {
  for (let check = 0; check < 600; check += 1) {
    const response = await fetch(`${baseUrl}${CASE}/orders/${orderId}`, { headers: HEADERS });
    const { data } = (await response.json()) as { data: { order: { status: string } } };
    if (data.order.status === status) return;
    await sleep(50);
  }
  throw new Error(`${orderId} did not become ${status}`);
}
