import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { Registry } from 'prom-client';
import { inject } from 'vitest';
import { startOrderWorker } from '../../src/composition/start-order-worker.ts';
import { createFileStore } from '../../src/documents/file-store.ts';
import { createSealedDocuments } from '../../src/documents/sealed-documents.ts';
import { buildIdOf } from '../../src/process/build-id.ts';
import type { Config } from '../../src/process/config.ts';
import type { Database } from '../../src/storage/database.ts';
import { CAPACITY } from './capacity.ts';
import { DATA_CONVERTER } from './data-converter.ts';
import { LOOPBACK } from './foreign.ts';
import { createKeptLog, type KeptLog } from './logs.ts';
import { sendSdkLogTo } from './sdk-runtime.ts';
import { workflowBundle } from './workflow-bundle.ts';
import { PRESENT_WORKFLOWS } from './workflow-version.ts';

/** Durations short enough for a month of the order's life to pass in a test. */
export const QUICK: Config['pharmacy'] = {
  timeoutMs: 1_000,
  retryInitialMs: 50,
  retryMaxMs: 400,
  pollInitialMs: 60_000,
  pollMaxMs: 60_000,
  completionLimitMs: 60_000,
  graceMs: 2_000,
  documentLimitBytes: 1_000_000,
};

/** What processes orders, started as the worker process starts it. */
export interface TestWorker {
  readonly client: Client;
  readonly taskQueue: string;
  readonly buildId: string;
  readonly documentsDir: string;
  readonly log: KeptLog;
  stop(): Promise<void>;
}

/**
 * @param settings overrides of {@link QUICK}.
 * @param taskQueue its own by default; pass a stopped worker's to continue its orders.
 * @param workflowsPath the version of the workflows that the worker runs.
 */
export async function startWorker(
  database: Database,
  settings: Partial<Config['pharmacy']> = {},
  taskQueue = `test-${randomUUID()}`,
  workflowsPath = PRESENT_WORKFLOWS,
): Promise<TestWorker> {
  const log = createKeptLog();
  sendSdkLogTo(log);
  const bundle = await workflowBundle(workflowsPath);
  const buildId = buildIdOf(bundle.code);
  const documentsDir = await mkdtemp(path.join(os.tmpdir(), 'rx-documents-'));
  const connection = await NativeConnection.connect({ address: inject('temporal').address });
  const orders = await startOrderWorker({
    connection,
    temporal: { namespace: 'default', taskQueue },
    dataConverter: DATA_CONVERTER,
    workflowBundle: bundle,
    database,
    documents: createSealedDocuments(createFileStore(documentsDir)),
    settings: { ...QUICK, ...settings },
    capacity: CAPACITY,
    buildId,
    foreign: LOOPBACK,
    registry: new Registry(),
    log,
  });
  return {
    client: orders.client,
    taskQueue,
    buildId,
    documentsDir,
    log,
    async stop() {
      await orders.stop();
      await connection.close();
      await rm(documentsDir, { recursive: true, force: true });
    },
  };
}
