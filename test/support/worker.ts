import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import { inject } from 'vitest';
import { createActivities } from '../../src/activities/create-activities.ts';
import { createFileStore } from '../../src/documents/file-store.ts';
import { createSealedDocuments } from '../../src/documents/sealed-documents.ts';
import { createDeliver } from '../../src/engine/deliver.ts';
import { startDispatcher } from '../../src/engine/dispatcher.ts';
import { createPharmacyDirectory } from '../../src/pharmacy/directory.ts';
import type { Config } from '../../src/process/config.ts';
import type { Database } from '../../src/storage/database.ts';
import { bundleWorkflows } from '../../src/temporal/bundle-workflows.ts';
import { createSdkLog } from '../../src/temporal/sdk-log.ts';
import { DATA_CONVERTER } from './data-converter.ts';
import { createKeptLog, type KeptLog } from './logs.ts';
import { PRESENT_WORKFLOWS } from './workflow-version.ts';

/** Durations that let a month pass in a test. */
export const QUICK: Config['pharmacy'] = {
  timeoutMs: 1_000,
  retryInitialMs: 50,
  retryMaxMs: 400,
  pollInitialMs: 60_000,
  pollMaxMs: 60_000,
  completionLimitMs: 60_000,
};

/** A worker with its dispatcher, as `worker.ts` wires them. */
export interface TestWorker {
  readonly client: Client;
  readonly taskQueue: string;
  readonly documentsDir: string;
  readonly log: KeptLog;
  stop(): Promise<void>;
}

const bundles = new Map<string, Promise<WorkflowBundle>>();

/**
 * @param settings durations to change from {@link QUICK}.
 * @param taskQueue one of its own, or a stopped worker's to carry its orders on.
 * @param workflowsPath the version of the workflows that it runs.
 */
export async function startWorker(
  database: Database,
  settings: Partial<Config['pharmacy']> = {},
  taskQueue = `test-${randomUUID()}`,
  workflowsPath = PRESENT_WORKFLOWS,
): Promise<TestWorker> {
  const log = createKeptLog();
  if (Runtime._instance === undefined) {
    Runtime.install({ logger: createSdkLog(log), shutdownSignals: [] });
  }
  const bundle =
    bundles.get(workflowsPath) ?? bundleWorkflows(createSdkLog(createKeptLog()), workflowsPath);
  bundles.set(workflowsPath, bundle);
  const documentsDir = await mkdtemp(path.join(os.tmpdir(), 'rx-documents-'));
  const connection = await NativeConnection.connect({ address: inject('temporal').address });
  const pharmacy = { ...QUICK, ...settings };
  const worker = await Worker.create({
    connection,
    taskQueue,
    dataConverter: DATA_CONVERTER,
    workflowBundle: await bundle,
    activities: createActivities({
      database,
      pharmacies: createPharmacyDirectory(database, pharmacy.timeoutMs),
      documents: createSealedDocuments(createFileStore(documentsDir)),
      settings: pharmacy,
    }),
  });
  const running = worker.run();
  const client = new Client({ connection, dataConverter: DATA_CONVERTER });
  const dispatcher = startDispatcher({
    database,
    deliver: createDeliver(client, taskQueue),
    withDeadline: (deadline, run) => connection.withDeadline(deadline, run),
    log,
  });
  return {
    client,
    taskQueue,
    documentsDir,
    log,
    async stop() {
      await dispatcher.stop();
      worker.shutdown();
      await running;
      await connection.close();
      await rm(documentsDir, { recursive: true, force: true });
    },
  };
}
