import type { NativeConnection } from '@temporalio/worker';
import { Gauge, type Registry } from 'prom-client';
import { startSealer } from '../audit/seal-audit-log.ts';
import { createDocumentStore } from '../documents/create-document-store.ts';
import { createDocumentLinks } from '../documents/document-links.ts';
import { createSealedDocuments } from '../documents/sealed-documents.ts';
import { foreignAccess, type Lookup } from '../egress/destination.ts';
import { startReconciler } from '../engine/start-reconciler.ts';
import { createWorkflowStates } from '../engine/workflow-states.ts';
import { addPoolMetrics } from '../metrics/pool-metrics.ts';
import { addSealMetrics } from '../metrics/seal-metrics.ts';
import { createDeliveryMetrics } from '../notifications/deliveries/delivery-metrics.ts';
import { MOST_REQUESTS, startDeliveries } from '../notifications/deliveries/start-deliveries.ts';
import { createSender } from '../notifications/sending/sender.ts';
import { startFigures } from '../operators/start-figures.ts';
import { logBrokenSeals } from '../orders/broken-seals.ts';
import { measureEnds } from '../orders/ended-orders.ts';
import { buildIdOf } from '../process/build-id.ts';
import type { Config } from '../process/config.ts';
import type { Log } from '../process/log.ts';
import { type Running, startHeartbeatFile } from '../process/run-process.ts';
import type { Database } from '../storage/database.ts';
import { createDataConverter } from '../temporal/data-converter.ts';
import { createDeleteWorkflow } from '../temporal/delete-workflow.ts';
import {
  keepSearchAttributes,
  registerSearchAttributes,
} from '../temporal/register-search-attributes.ts';
import { workflowBundle } from '../temporal/workflow-bundle.ts';
import { startEraser } from '../upkeep/start-eraser.ts';
import { startPruner } from '../upkeep/start-pruner.ts';
import { orderWorkflowId } from '../workflows/order-messages.ts';
import { orderNewsWorkflowId } from '../workflows/order-news-messages.ts';
import { webhookDeliveryWorkflowId } from '../workflows/webhook-delivery-messages.ts';
import { startOrderWorker } from './start-order-worker.ts';

/** How often documents and workflows of erased orders are deleted, in milliseconds. */
const ERASE_EVERY_MS = 12_000;

/** How often the namespace is checked for search attributes that it lacks, in milliseconds. */
const CHECK_ATTRIBUTES_EVERY_MS = 5 * 60_000;

/** How often the figures of the metrics are read from Postgres, in milliseconds. */
const FIGURES_EVERY_MS = 30_000;

/** How often the worker looks for a table whose old rows are due to be pruned, in milliseconds. */
const PRUNE_EVERY_MS = 60_000;

/** How often new rows of the audit log are sealed, in milliseconds. */
const SEAL_EVERY_MS = 6_000;

/**
 * Starts everything that the worker process runs: what processes orders, the webhook deliveries, and
 * the rounds of the reconciler, the eraser and the sealer. The caller opens the connections and closes
 * them after `stop`, or after a rejection, which leaves nothing running.
 *
 * @param parts.leadership a pool of one connection, whose session holds the reconciler's lock.
 * @param parts.lookup in production `foreignLookup`.
 * @throws {TransportError | ServiceError} Temporal does not answer, or has no such namespace.
 */
export async function startWorker(parts: {
  readonly config: Config;
  readonly connection: NativeConnection;
  readonly database: Database;
  readonly leadership: Database;
  readonly lookup: Lookup;
  readonly registry: Registry;
  readonly log: Log;
}): Promise<Running> {
  const { config, connection, database, leadership, lookup, registry, log } = parts;
  const { temporal, webhooks } = config;
  const store = await createDocumentStore(config.documents);
  const bundle = await workflowBundle();
  const searchAttributes = await keepSearchAttributes({
    ...{ connection, namespace: temporal.namespace, log },
    everyMs: CHECK_ATTRIBUTES_EVERY_MS,
  });

  const documents = createSealedDocuments(store);
  const dataConverter = createDataConverter(config.encryptionKeys);
  const buildId = config.buildId ?? buildIdOf(bundle.code);
  const shared = {
    ...{ connection, temporal, dataConverter, workflowBundle: bundle, buildId },
    ...{ database, documents, registry, log },
  };

  const foreign = foreignAccess(webhooks.destinations, lookup);
  const orders = await startOrderWorker({
    ...shared,
    settings: config.pharmacy,
    capacity: config.worker,
    foreign,
  }).catch(async (error: unknown) => {
    await searchAttributes.stop();
    throw error;
  });

  const sender = createSender({
    ...foreign,
    timeoutMs: webhooks.timeoutMs,
    maxConnections: MOST_REQUESTS,
  });
  const documentLinks = createDocumentLinks({
    publicUrl: config.http.publicUrl,
    secrets: config.documentLinkSecrets,
  });
  const deliveries = await startDeliveries({
    ...shared,
    metrics: createDeliveryMetrics(registry),
    documentLinks,
    sender,
    settings: webhooks,
  }).catch(async (error: unknown) => {
    await Promise.all([searchAttributes.stop(), orders.stop()]);
    sender.close();
    throw error;
  });

  const reconciler = startReconciler({
    database,
    leadership,
    workflows: createWorkflowStates(orders.client, temporal.taskQueue, (deadline, run) =>
      connection.withDeadline(deadline, run),
    ),
    prepareTemporal: () => registerSearchAttributes(connection, temporal.namespace, log),
    everyMs: config.reconcileEveryMs,
    log,
  });
  const eraser = startEraser({
    database,
    documents: store,
    deleteWorkflow: createDeleteWorkflow(connection, temporal.namespace),
    workflowIds: (orderId, deliveryIds) => [
      orderWorkflowId(orderId),
      orderNewsWorkflowId(orderId),
      ...deliveryIds.map(webhookDeliveryWorkflowId),
    ],
    everyMs: ERASE_EVERY_MS,
    log,
  });
  const pruner = startPruner({
    ...{ database, retention: config.retention, registry, log },
    everyMs: PRUNE_EVERY_MS,
  });
  addPoolMetrics(registry, database);
  const endMeasuringEnds = measureEnds(registry);
  const endSealReports = logBrokenSeals(log, addSealMetrics(registry));
  const sealer = startSealer({ database, everyMs: SEAL_EVERY_MS, log });

  // Without an address for metrics nobody sees the figures, so they are not read.
  const figures =
    config.http.metricsAddress &&
    startFigures({ database, registry, everyMs: FIGURES_EVERY_MS, log });

  const isAlive = () => orders.isAlive() && deliveries.isAlive();
  new Gauge({
    name: 'rx_worker_alive',
    help: '1 while the worker makes progress and Postgres and Temporal answer, otherwise 0.',
    registers: [registry],
    collect() {
      this.set(isAlive() ? 1 : 0);
    },
  });
  const stopHeartbeat =
    config.heartbeatFile === undefined
      ? undefined
      : startHeartbeatFile(config.heartbeatFile, isAlive);

  return {
    broken: Promise.race([orders.running, deliveries.running]).then(() => {
      throw new Error('the worker stopped unexpectedly');
    }),
    async stop() {
      stopHeartbeat?.();
      const rounds = [searchAttributes, reconciler, eraser, pruner, sealer, figures ?? []].flat();
      const started = [...rounds, orders, deliveries];
      await Promise.all(started.map((part) => part.stop()));
      sender.close();
      endSealReports();
      endMeasuringEnds();
    },
  };
}
