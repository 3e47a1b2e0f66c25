import { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { type NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker';
import type { Config } from '../../process/config.ts';
import type { Log } from '../../process/log.ts';
import { reportedBuild } from '../../temporal/worker-build.ts';
import { webhookTaskQueue } from '../../workflows/webhook-delivery-messages.ts';
import type { DeliveryDependencies } from './attempt-delivery.ts';
import { createDeliveryActivities } from './deliver-webhook.ts';
import { POOL_LIMITS, startDeliveryPool } from './delivery-pool.ts';
import { createStartWorkflow } from './workflow-starts.ts';

/** Concurrent attempts by workflows in one process. */
const MOST_WORKFLOW_ATTEMPTS = 50;
/** Concurrent requests of one process. A sender with fewer connections would delay some of them. */
export const MOST_REQUESTS = POOL_LIMITS.total + MOST_WORKFLOW_ATTEMPTS;

/** The deliveries of one process: the pool, and the Temporal worker that runs their workflows. */
export interface Deliveries {
  /** Whether both the worker and the pool make progress. */
  isAlive(): boolean;
  /** Resolves when the worker has stopped; rejects when it breaks down. */
  readonly running: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the deliveries. They have their own Temporal worker and task queue, so that an endpoint that
 * hangs cannot take capacity from orders.
 */
export async function startDeliveries(
  options: DeliveryDependencies & {
    readonly connection: NativeConnection;
    readonly temporal: Pick<Config['temporal'], 'namespace' | 'taskQueue'>;
    readonly dataConverter: DataConverter;
    readonly workflowBundle: WorkflowBundle;
    readonly buildId: string;
    readonly log: Log;
  },
): Promise<Deliveries> {
  const { connection, temporal, dataConverter, workflowBundle, buildId, log, ...dependencies } =
    options;
  const taskQueue = webhookTaskQueue(temporal.taskQueue);
  // Longer than the longest attempt, so that another process takes over only if this one died.
  const leaseMs = 2 * dependencies.settings.timeoutMs + 5_000;
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue,
    dataConverter,
    workflowBundle,
    activities: createDeliveryActivities(dependencies, leaseMs),
    workerDeploymentOptions: reportedBuild(buildId),
    maxConcurrentActivityTaskExecutions: MOST_WORKFLOW_ATTEMPTS,
    maxConcurrentWorkflowTaskExecutions: 10,
    maxConcurrentActivityTaskPolls: 4,
    maxConcurrentWorkflowTaskPolls: 4,
    maxCachedWorkflows: 200,
    shutdownGraceTime: '8s',
    shutdownForceTime: '15s',
  });
  const running = worker.run();
  const pool = startDeliveryPool({
    ...dependencies,
    startWorkflow: createStartWorkflow(
      new Client({ connection, namespace: temporal.namespace, dataConverter }),
      taskQueue,
    ),
    withDeadline: (deadline, run) => connection.withDeadline(deadline, run),
    leaseMs,
    log,
  });
  return {
    isAlive: () => worker.getState() === 'RUNNING' && Date.now() - pool.lastRound() < 15_000,
    running,
    async stop() {
      await pool.stop();
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
    },
  };
}
