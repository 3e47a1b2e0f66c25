import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { Runtime, Worker } from '@temporalio/worker';
import { createActivities } from './activities/create-activities.ts';
import { createDeliver } from './dispatch/deliver.ts';
import { startDispatcher } from './dispatch/dispatcher.ts';
import { createFileStore } from './documents/file-store.ts';
import { startHeartbeatFile } from './heartbeat-file.ts';
import { createPharmacyDirectory } from './pharmacy/directory.ts';
import { runProcess } from './process.ts';
import { openDatabase } from './storage/database.ts';
import { connectWhenUp } from './temporal/connect.ts';
import { connectionOptions } from './temporal/connection-options.ts';
import { registerSearchAttributes } from './temporal/register-search-attributes.ts';
import { createSdkLog } from './temporal/sdk-log.ts';

// The worker process: the order workflow, its activities, and the dispatcher that feeds them.

const WORKFLOWS = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './workflows/order.ts' : './workflows/order.js',
    import.meta.url,
  ),
);

await runProcess('worker', process.env, async ({ config, log, stopping }) => {
  const { temporal } = config;
  // Signals are this process's own to handle; the SDK's log goes through ours.
  Runtime.install({ logger: createSdkLog(log), shutdownSignals: [] });
  const options = connectionOptions(process.env, temporal.address);
  const connection = await connectWhenUp(options, log, stopping);
  if (connection === undefined) throw new Error('stopped while waiting for Temporal');
  await registerSearchAttributes(connection, temporal.namespace);

  const database = openDatabase(config.database.url, config.database.poolSize);
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: temporal.taskQueue,
    workflowsPath: WORKFLOWS,
    activities: createActivities({
      database,
      pharmacies: createPharmacyDirectory(database, config.pharmacy.timeoutMs),
      documents: createFileStore(config.documentsDir),
      settings: config.pharmacy,
    }),
    maxCachedWorkflows: 500,
    shutdownGraceTime: '8s',
    shutdownForceTime: '15s',
  });
  const running = worker.run();
  const dispatcher = startDispatcher({
    database,
    // On the worker's own connection, so that starts can be eager.
    deliver: createDeliver(
      new Client({ connection, namespace: temporal.namespace }),
      temporal.taskQueue,
    ),
    withDeadline: (deadline, run) => connection.withDeadline(deadline, run),
    log,
  });
  const stopHeartbeat =
    config.heartbeatFile === undefined
      ? undefined
      : startHeartbeatFile(
          config.heartbeatFile,
          () => worker.getState() === 'RUNNING' && Date.now() - dispatcher.lastRound() < 15_000,
        );
  log.info('taking orders', { address: temporal.address });

  return {
    broken: running.then(() => {
      throw new Error('the worker stopped by itself');
    }),
    async stop() {
      stopHeartbeat?.();
      await dispatcher.stop();
      worker.shutdown();
      await running;
      await connection.close();
      await database.end({ timeout: 2 });
    },
  };
});
