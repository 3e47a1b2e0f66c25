import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { Registry } from 'prom-client';
import { inject } from 'vitest';
import { createDocumentLinks } from '../../src/documents/document-links.ts';
import { createFileStore } from '../../src/documents/file-store.ts';
import { createSealedDocuments } from '../../src/documents/sealed-documents.ts';
import { foreignLookup } from '../../src/egress/foreign-lookup.ts';
import { createDeliveryMetrics } from '../../src/notifications/deliveries/delivery-metrics.ts';
import { startDeliveries } from '../../src/notifications/deliveries/start-deliveries.ts';
import { headerContext, secretContext } from '../../src/notifications/endpoint-secrets.ts';
import { createSender, type Sender } from '../../src/notifications/sending/sender.ts';
import { newSecret } from '../../src/notifications/sending/signatures.ts';
import type { Config } from '../../src/process/config.ts';
import type { Database } from '../../src/storage/database.ts';
import { webhookDeliveryWorkflowId } from '../../src/workflows/webhook-delivery-messages.ts';
import { PUBLIC_URL } from './app.ts';
import { DATA_CONVERTER } from './data-converter.ts';
import { createKeptLog, type KeptLog } from './logs.ts';
import { HASH_SECRET } from './organization.ts';
import { sendSdkLogTo } from './sdk-runtime.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** Times that let days pass in a test. */
const QUICK = {
  timeoutMs: 500,
  retryScheduleMs: [50, 50, 50, 50, 50, 50, 50, 50, 50],
  pauseAfterMs: 60_000,
};

/** The deliveries of a worker process, as `worker.ts` wires them. */
export interface TestDeliveries {
  readonly client: Client;
  readonly log: KeptLog;
  /** Types of the events in the history of a delivery's workflow; undefined: it has none. */
  history(deliveryId: string): Promise<string[] | undefined>;
  /** What a delivery's workflow ended with. */
  result(deliveryId: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** @param options.wrap puts something before the sender. */
export async function startTestDeliveries(
  database: Database,
  options: Partial<Omit<Config['webhooks'], 'destinations'>> & {
    readonly documentsDir?: string;
    readonly wrap?: (sender: Sender) => Sender;
    readonly temporalAddress?: string;
  } = {},
): Promise<TestDeliveries> {
  const { documentsDir = '/nowhere', wrap, ...rest } = options;
  const { temporalAddress = inject('temporal').address, ...times } = rest;
  const settings = { ...QUICK, ...times };
  const log = createKeptLog();
  sendSdkLogTo(log);
  const connection = await NativeConnection.connect({ address: temporalAddress });
  const client = new Client({ connection, dataConverter: DATA_CONVERTER });
  const sender = createSender({
    lookup: foreignLookup,
    policy: { sandbox: true },
    timeoutMs: settings.timeoutMs,
  });
  const deliveries = await startDeliveries({
    connection,
    temporal: { namespace: 'default', taskQueue: `test-${randomUUID()}` },
    dataConverter: DATA_CONVERTER,
    workflowBundle: await workflowBundle(),
    buildId: 'test',
    database,
    documents: createSealedDocuments(createFileStore(documentsDir)),
    documentLinks: createDocumentLinks({ publicUrl: PUBLIC_URL, secrets: [HASH_SECRET] }),
    sender: wrap?.(sender) ?? sender,
    metrics: createDeliveryMetrics(new Registry()),
    settings,
    log,
  });
  const handle = (deliveryId: string) =>
    client.workflow.getHandle(webhookDeliveryWorkflowId(deliveryId));
  return {
    client,
    log,
    async history(deliveryId) {
      const history = await handle(deliveryId)
        .fetchHistory()
        .catch(() => undefined);
      return history?.events?.map((event) => event.attributes ?? 'unknown');
    },
    result: (deliveryId) => handle(deliveryId).result(),
    async stop() {
      await deliveries.stop();
      sender.close();
      await connection.close();
    },
  };
}

/** An endpoint as the API stores one. */
export interface TestEndpoint {
  readonly id: string;
  readonly organizationId: string;
  readonly secret: string;
}

/** Adds an endpoint to an organization. */
export async function createEndpoint(
  database: Database,
  organizationId: string,
  url: string,
  options: {
    readonly documentFormat?: string;
    readonly payloadMode?: string;
    readonly secret?: string;
  } = {},
): Promise<TestEndpoint> {
  const id = randomUUID();
  const { secret = newSecret() } = options;
  const { keys } = database;
  const sealedSecret = await keys.seal(organizationId, secretContext(id), secret);
  const header = await keys.seal(organizationId, headerContext(id), 'Bearer of the tests');
  await database`
    INSERT INTO webhook_endpoints (id, organization_id, url, secret, document_format, payload_mode,
      auth_header_name, auth_header_value)
    VALUES (${id}, ${organizationId}, ${url}, ${sealedSecret}, ${options.documentFormat ?? 'url'},
      ${options.payloadMode ?? 'event'}, 'Authorization', ${header})`;
  return { id, organizationId, secret };
}

/** Queues deliveries that try an endpoint; their ids. */
export async function queuePings(
  database: Database,
  { id, organizationId }: TestEndpoint,
  count = 1,
): Promise<string[]> {
  const rows = await database<{ id: string }[]>`
    INSERT INTO webhook_deliveries (id, organization_id, endpoint_id, event)
    SELECT uuidv7(), ${organizationId}, ${id}, 'PING' FROM generate_series(1, ${count})
    RETURNING id`;
  await database`SELECT pg_notify('deliveries', '')`;
  return rows.map((row) => row.id);
}

/** A delivery as it stands, with the classes of its failures. */
export async function readDelivery(database: Database, id: string) {
  const [row] = await database<DeliveryRow[]>`
    SELECT status, attempts, next_attempt_at, locked_until, workflow_wanted, delivered_at,
      (SELECT array_agg(coalesce(error_class, 'ok') ORDER BY id) FROM webhook_attempts
        WHERE delivery_id = ${id})::text[] AS log
    FROM webhook_deliveries WHERE id = ${id}`;
  if (row === undefined) throw new Error(`no delivery ${id}`);
  return row;
}

interface DeliveryRow {
  readonly status: string;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly lockedUntil: Date | null;
  readonly workflowWanted: boolean;
  readonly deliveredAt: Date | null;
  readonly log: string[] | null;
}
