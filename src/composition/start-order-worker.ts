import { Client, type DataConverter } from '@temporalio/client';
import {
  type NativeConnection,
  Worker,
  type WorkerOptions,
  type WorkflowBundle,
} from '@temporalio/worker';
import { Gauge, type Registry } from 'prom-client';
import { createActivities } from '../activities/create-activities.ts';
import { createStepMetrics } from '../activities/measure-steps.ts';
import { withPharmacySlots } from '../activities/pharmacy-slots.ts';
import { reportSent, reportSteps } from '../activities/report-progress.ts';
import { traceSteps } from '../activities/trace-steps.ts';
import type { SealedDocuments } from '../documents/sealed-documents.ts';
import type { ForeignAccess } from '../egress/destination.ts';
import { createDeliver } from '../engine/deliver.ts';
import { startDispatcher } from '../engine/dispatcher.ts';
import { createPacer } from '../engine/pacer.ts';
import { createPharmacyDirectory } from '../pharmacy/directory.ts';
import { measureCalls } from '../pharmacy/measure-calls.ts';
import { startPharmacyActivity } from '../pharmacy/pharmacy-activity.ts';
import type { Config } from '../process/config.ts';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { watchTemporal } from '../temporal/watch-temporal.ts';
import { reportedBuild } from '../temporal/worker-build.ts';

/** Without a round of the dispatcher, or an answer of Temporal, for so long, the worker counts as stuck. */
const STUCK_MS = 15_000;

/**
 * The options of the Temporal worker that decide how much it takes on. docs/operations.md#the-worker explains
 * them to operators.
 */
function capacityOf(settings: Config['worker']) {
  return {
    maxConcurrentWorkflowTaskExecutions: settings.workflowSlots,
    // A local activity holds the slot of its workflow task, so more slots would never be used.
    maxConcurrentLocalActivityExecutions: settings.workflowSlots,
    maxConcurrentActivityTaskExecutions: settings.activitySlots,
    // A fixed number: autoscaling pollers took more than twice as long for a burst of 300 workflows.
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: settings.workflowPollers },
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: settings.activityPollers },
    maxCachedWorkflows: settings.cachedWorkflows,
    stickyQueueScheduleToStartTimeout: settings.stickyTimeoutMs,
  } satisfies Partial<WorkerOptions>;
}

/** What processes orders: the Temporal worker and the dispatcher that feeds it. */
export interface OrderWorker {
  /** Shares the worker's connection. */
  readonly client: Client;
  /** Resolves when the worker has stopped; rejects when it breaks down. */
  readonly running: Promise<void>;
  /** Whether the worker and the dispatcher make progress, and Postgres and Temporal answer. */
  isAlive(): boolean;
  /** Stops taking outbox rows and activities, finishes those in hand, and resolves. */
  stop(): Promise<void>;
}

/** Starts what processes orders. The caller closes the connection and the database afterwards. */
export async function startOrderWorker(parts: {
  readonly connection: NativeConnection;
  readonly temporal: Pick<Config['temporal'], 'namespace' | 'taskQueue'>;
  readonly dataConverter: DataConverter;
  readonly workflowBundle: WorkflowBundle;
  readonly database: Database;
  readonly documents: SealedDocuments;
  readonly settings: Config['pharmacy'];
  readonly capacity: Config['worker'];
  /** The name of the build, in the history of each workflow that the worker runs. */
  readonly buildId: string;
  readonly foreign: ForeignAccess;
  readonly registry: Registry;
  readonly log: Log;
}): Promise<OrderWorker> {
  const { connection, dataConverter, workflowBundle, database, documents } = parts;
  const { settings, capacity, buildId, foreign, registry, log } = parts;
  const { namespace, taskQueue } = parts.temporal;

  const pacer = createPacer(database);
  const directory = createPharmacyDirectory(database, { timeoutMs: settings.timeoutMs, foreign });
  const steps = createStepMetrics(registry);
  const activity = startPharmacyActivity(database, log);
  const pharmacies = reportSent(
    pacer.report,
    steps.pharmacies(
      withPharmacySlots(measureCalls(registry, activity, directory), capacity.workflowSlots / 2),
    ),
  );
  const activities = createActivities({ database, pharmacies, documents, settings });
  const worker = await Worker.create({
    ...{ connection, namespace, taskQueue, dataConverter, workflowBundle },
    activities: reportSteps(pacer.report, traceSteps(database, steps.activities(activities))),
    ...capacityOf(capacity),
    workerDeploymentOptions: reportedBuild(buildId),
    shutdownGraceTime: '8s',
    shutdownForceTime: '15s',
  });
  const running = worker.run();

  // The dispatcher uses the worker's own connection, so that Temporal can start workflows eagerly.
  const client = new Client({ connection, namespace, dataConverter });
  const dispatcher = startDispatcher({
    database,
    deliver: createDeliver(client, taskQueue),
    pacer,
    withDeadline: (deadline, run) => connection.withDeadline(deadline, run),
    log,
  });

  const watch = watchTemporal(connection, log);
  new Gauge({
    name: 'rx_temporal_answer_age_seconds',
    help: 'Time since Temporal last answered this worker, which asks every five seconds.',
    registers: [registry],
    collect() {
      this.set((Date.now() - watch.answeredAt()) / 1_000);
    },
  });

  return {
    client,
    running,
    isAlive: () =>
      worker.getState() === 'RUNNING' &&
      Date.now() - Math.min(dispatcher.lastRound(), watch.answeredAt()) < STUCK_MS,
    async stop() {
      await dispatcher.stop();
      worker.shutdown();
      await Promise.all([running, watch.stop()]);
      await activity.stop();
    },
  };
}
