import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import proto from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Runtime, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, inject } from 'vitest';
import { createSdkLog } from '../../src/temporal/sdk-log.ts';
import { SEARCH_ATTRIBUTE_NAMES, startAttributes } from '../../src/temporal/search-attributes.ts';
import type { OrderActivities } from '../../src/workflows/order-activities.ts';
import {
  cancelRequested,
  cancelUpdate,
  ORDER_WORKFLOW,
  type OrderInput,
  type OrderResult,
  orderCompleted,
  orderWorkflowId,
  retryUpdate,
  statusQuery,
} from '../../src/workflows/order-messages.ts';
import { eventually } from '../support/eventually.ts';
import { createKeptLog } from '../support/logs.ts';
import { saveHistory } from '../support/save-history.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';
import { ACTIVITIES, type Script, standIns } from './stand-ins.ts';

const TASK_QUEUE = 'time-skipping';
const PHARMACY = 'a-pharmacy';

/** An order whose workflow runs. */
export type Started = Awaited<ReturnType<typeof startOrder>>;

/** Each order has a script of its own. */
const scripts = new Map<string, OrderActivities>();
const started = new Map<string, Started>();
let environment: TestWorkflowEnvironment | undefined;

/**
 * Describes tests on Temporal's time-skipping test server, with one worker whose activities follow each
 * order's script. Skips them where the server cannot be had.
 */
export function describeOnSkippedTime(title: string, tests: () => void): void {
  const file = inject('timeSkippingServer');
  describe.skipIf(file === undefined)(title, () => {
    let worker: Worker | undefined;
    let running: Promise<void> | undefined;
    beforeAll(async () => {
      Runtime.install({ logger: createSdkLog(createKeptLog()), shutdownSignals: [] });
      environment = await startServer(file ?? '');
      // This server cannot list them, which `registerSearchAttributes` does first.
      const type = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
      await environment.connection.operatorService.addSearchAttributes({
        namespace: environment.namespace ?? 'default',
        searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTE_NAMES.map((name) => [name, type])),
      });
      worker = await Worker.create({
        connection: environment.nativeConnection,
        taskQueue: TASK_QUEUE,
        workflowBundle: await workflowBundle(),
        activities: Object.fromEntries(ACTIVITIES.map((name) => [name, perform(name)])),
      });
      running = worker.run();
    });
    // A workflow that a failed test left behind would take the time of the next tests.
    afterEach(async ({ task }) => {
      if (process.env['RECORD_HISTORIES']) await record(task.name, process.env['RECORD_HISTORIES']);
      for (const { handle } of started.values()) await handle.terminate().catch(() => undefined);
      started.clear();
    });
    afterAll(async () => {
      worker?.shutdown();
      await running;
      await environment?.teardown();
    });
    tests();
  });
}

/** Starts the server. The SDK gives it five seconds, which a busy machine may need for Java alone. */
async function startServer(file: string, attempts = 5): Promise<TestWorkflowEnvironment> {
  try {
    return await TestWorkflowEnvironment.createTimeSkipping(
      file === 'download' ? {} : { server: { executable: { type: 'existing-path', path: file } } },
    );
  } catch (error) {
    if (attempts === 1) throw error;
    return await startServer(file, attempts - 1);
  }
}

/** Saves the histories of a test's order for test/replay; docs/workflow-versions.md says how. */
async function record(title: string, suffix: string): Promise<void> {
  for (const { handle, runId } of started.values()) {
    const history = await server()
      .client.workflow.getHandle(handle.workflowId, runId)
      .fetchHistory();
    const name = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
    await saveHistory(`${name}.${suffix}`, history);
  }
}

/** The running server. */
export function server(): TestWorkflowEnvironment {
  if (environment === undefined) throw new Error('the server has not started');
  return environment;
}

const perform =
  (name: keyof OrderActivities) =>
  async (...args: [orderId: string, ...unknown[]]): Promise<unknown> =>
    await (
      scripts.get(args[0])?.[name] as ((...args: unknown[]) => Promise<unknown>) | undefined
    )?.(...args);

/** Starts the workflow of an order whose activities follow a script. */
export async function startOrder(script: Script, input: Partial<OrderInput> = {}) {
  const orderId = randomUUID();
  const calls: string[] = [];
  scripts.set(orderId, standIns(script, calls));
  const workflow = await server().client.workflow.start(ORDER_WORKFLOW, {
    workflowId: orderWorkflowId(orderId),
    taskQueue: TASK_QUEUE,
    args: [{ orderId, pharmacyId: PHARMACY, ...input } satisfies OrderInput],
    typedSearchAttributes: startAttributes({
      ...{ orderId, pharmacyId: PHARMACY, organizationId: 'an-organization', caseId: 'a-case' },
    }),
  });
  const handle = server().client.workflow.getHandle(orderWorkflowId(orderId));
  const order = {
    calls,
    handle,
    runId: workflow.firstExecutionRunId,
    complete: () => handle.signal(orderCompleted),
    cancel: () => handle.signal(cancelRequested),
    retry: () => handle.executeUpdate(retryUpdate, { args: [{}] }),
    cancelByUpdate: () => handle.executeUpdate(cancelUpdate, { args: [{}] }),
    /** Waits until the order has a status. The server's time stands still meanwhile. */
    reach: (status: string, reasonCode?: string) =>
      eventually(`the order is ${status}`, async () => {
        const progress = await handle.query(statusQuery);
        return progress.status === status && progress.reasonCode === reasonCode;
      }),
    /** Lets the workflow go on to its end. */
    end: async () => {
      const { status, reasonCode } = (await handle.result()) as OrderResult;
      return reasonCode === undefined ? status : `${status} ${reasonCode}`;
    },
    /** From the workflow's start to its end. The server's clock may have gone on since. */
    tookMs: async () => {
      const { startTime, closeTime } = await handle.describe();
      return Number(closeTime) - Number(startTime);
    },
    events: async () => (await handle.fetchHistory()).events ?? [],
  };
  started.set(handle.workflowId, order);
  return order;
}

/** An answer that an activity gives after something was done with the order. */
export function after<T>(act: (order: Started) => Promise<unknown>, answer: T) {
  return async (): Promise<T> => {
    const { workflowExecution } = Context.current().info;
    const order = await eventually('the order is known', async () =>
      started.get(workflowExecution?.workflowId ?? ''),
    );
    await act(order);
    return answer;
  };
}

/** The names of the search attributes that the order upserted last. */
export async function lastAttributes(order: Started): Promise<string[]> {
  const upserts = (await order.events()).flatMap(
    ({ upsertWorkflowSearchAttributesEventAttributes: event }) => event ?? [],
  );
  return Object.keys(upserts.at(-1)?.searchAttributes?.indexedFields ?? {}).sort();
}

export function count({ calls }: Started, name: keyof OrderActivities): number {
  return calls.filter((call) => call === name).length;
}
