import dns from 'node:dns/promises';
import { Client } from '@temporalio/client';
import { Runtime, Worker } from '@temporalio/worker';
import { createActivities } from './activities/create-activities.ts';
import { startSealer } from './audit/seal-audit-log.ts';
import { createDocumentStore } from './documents/create-document-store.ts';
import { createDocumentLinks } from './documents/document-links.ts';
import { createSealedDocuments } from './documents/sealed-documents.ts';
import { createDeliver } from './engine/deliver.ts';
import { startDispatcher } from './engine/dispatcher.ts';
import { startReconciler } from './engine/start-reconciler.ts';
import { createWorkflowStates } from './engine/workflow-states.ts';
import { createKeyProvider } from './keys/create-key-provider.ts';
import { MOST_REQUESTS, startDeliveries } from './notifications/deliveries/start-deliveries.ts';
import { createSender } from './notifications/sending/sender.ts';
import { createPharmacyDirectory } from './pharmacy/directory.ts';
import { parseConfig } from './process/config.ts';
import { startHeartbeatFile } from './process/heartbeat-file.ts';
import { runProcess } from './process/run-process.ts';
import { openDatabase } from './storage/database.ts';
import { warnAboutPrivilegedRole } from './storage/warn-about-privileged-role.ts';
import { bundleWorkflows } from './temporal/bundle-workflows.ts';
import type { WithDeadline } from './temporal/call-with-timeout.ts';
import { connectWhenUp } from './temporal/connect.ts';
import { connectionOptions } from './temporal/connection-options.ts';
import { createDataConverter } from './temporal/data-converter.ts';
import { createDeleteWorkflow } from './temporal/delete-workflow.ts';
import { createSdkLog } from './temporal/sdk-log.ts';
import { registerSearchAttributes } from './temporal/search-attributes.ts';
import { startEraser } from './upkeep/start-eraser.ts';
import { orderWorkflowId } from './workflows/order-messages.ts';
import { webhookDeliveryWorkflowId } from './workflows/webhook-delivery-messages.ts';

/** How long what was erased in Postgres may wait for its documents to go. */
const ERASE_EVERY_MS = 5_000;

/** How long a row of the audit log may stand under no seal. */
const SEAL_EVERY_MS = 5_000;

// The worker process: the order workflow, its activities and the dispatcher that feeds them; and the
// deliveries of webhooks, apart.

await runProcess('worker', process.env, parseConfig, async ({ config, log, stopping }) => {
  const { temporal, webhooks } = config;
  const logger = createSdkLog(log);
  // Signals are this process's own to handle; the SDK's log goes through ours.
  Runtime.install({ logger, shutdownSignals: [] });
  const options = connectionOptions(process.env, temporal.address);
  const connection = await connectWhenUp(options, log, stopping);
  if (connection === undefined) throw new Error('stopped while waiting for Temporal');
  await registerSearchAttributes(connection, temporal.namespace);

  const database = openDatabase(config.database.url, config.database.poolSize, {
    keys: createKeyProvider(config),
  });
  warnAboutPrivilegedRole(database, log);
  const store = await createDocumentStore(config.documents);
  const documents = createSealedDocuments(store);
  const workflowBundle = await bundleWorkflows(logger);
  const dataConverter = createDataConverter(config.encryptionKeys);
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: temporal.taskQueue,
    dataConverter,
    workflowBundle,
    activities: createActivities({
      database,
      pharmacies: createPharmacyDirectory(database, config.pharmacy.timeoutMs),
      documents,
      settings: config.pharmacy,
    }),
    maxCachedWorkflows: 500,
    shutdownGraceTime: '8s',
    shutdownForceTime: '15s',
  });
  const running = worker.run();
  // On the worker's own connection, so that starts can be eager.
  const client = new Client({ connection, namespace: temporal.namespace, dataConverter });
  const withDeadline: WithDeadline = (deadline, run) => connection.withDeadline(deadline, run);
  const deliver = createDeliver(client, temporal.taskQueue);
  const dispatcher = startDispatcher({ database, deliver, withDeadline, log });
  const leadership = openDatabase(config.database.url, 1);
  const reconciler = startReconciler({
    database,
    leadership,
    workflows: createWorkflowStates(client, temporal.taskQueue, withDeadline),
    prepareTemporal: () => registerSearchAttributes(connection, temporal.namespace),
    everyMs: config.reconcileEveryMs,
    log,
  });
  const eraser = startEraser({
    database,
    documents: store,
    deleteWorkflow: createDeleteWorkflow(connection, temporal.namespace),
    workflowIds: (orderId, deliveryIds) => [
      orderWorkflowId(orderId),
      ...deliveryIds.map(webhookDeliveryWorkflowId),
    ],
    everyMs: ERASE_EVERY_MS,
    log,
  });
  const sealer = startSealer({ database, everyMs: SEAL_EVERY_MS, log });
  const sender = createSender({
    lookup: dns.lookup,
    policy: { sandbox: webhooks.destinations === 'loopback' },
    timeoutMs: webhooks.timeoutMs,
    maxConnections: MOST_REQUESTS,
  });
  const deliveries = await startDeliveries({
    connection,
    temporal,
    dataConverter,
    workflowBundle,
    database,
    documents,
    documentLinks: createDocumentLinks({
      publicUrl: config.http.publicUrl,
      hashSecret: config.hashSecret,
    }),
    sender,
    settings: webhooks,
    log,
  });
  const stopHeartbeat =
    config.heartbeatFile === undefined
      ? undefined
      : startHeartbeatFile(
          config.heartbeatFile,
          () =>
            worker.getState() === 'RUNNING' &&
            Date.now() - dispatcher.lastRound() < 15_000 &&
            deliveries.isAlive(),
        );
  log.info('taking orders', { address: temporal.address });

  return {
    broken: Promise.race([running, deliveries.running]).then(() => {
      throw new Error('the worker stopped by itself');
    }),
    async stop() {
      stopHeartbeat?.();
      const orders = async () => {
        await dispatcher.stop();
        worker.shutdown();
        await running;
      };
      await Promise.all([
        reconciler.stop(),
        eraser.stop(),
        sealer.stop(),
        orders(),
        deliveries.stop(),
      ]);
      sender.close();
      await connection.close();
      await leadership.end({ timeout: 2 });
      await database.end({ timeout: 2 });
    },
  };
});
