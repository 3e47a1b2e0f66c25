import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { inject } from 'vitest';
import { startReconciler } from '../../src/engine/start-reconciler.ts';
import { createWorkflowStates } from '../../src/engine/workflow-states.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { DATA_CONVERTER } from './data-converter.ts';
import { createKeptLog, type KeptLog } from './logs.ts';
import type { World } from './world.ts';

/** A reconciler of a test, with its own connections. */
export interface TestReconciler {
  readonly log: KeptLog;
  readonly connection: NativeConnection;
  stop(): Promise<void>;
}

/** Starts a reconciler on a world, which has a round every 200 ms. */
export async function startTestReconciler(
  world: World,
  database: Database,
): Promise<TestReconciler> {
  const connection = await NativeConnection.connect({ address: inject('temporal').address });
  const leadership = openDatabase(world.db.url, 1);
  const log = createKeptLog();
  const workflows = createWorkflowStates(
    new Client({ connection, dataConverter: DATA_CONVERTER }),
    world.worker.taskQueue,
    (deadline, run) => connection.withDeadline(deadline, run),
  );
  const prepareTemporal = async () => {};
  const reconciler = startReconciler({
    ...{ database, leadership, workflows, prepareTemporal, log },
    everyMs: 200,
  });
  return {
    ...{ log, connection },
    async stop() {
      await reconciler.stop();
      await leadership.end();
      await connection.close();
    },
  };
}
