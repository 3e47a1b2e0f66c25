import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import proto from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Runtime, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { createSdkLog } from '../../src/temporal/sdk-log.ts';
import { SEARCH_ATTRIBUTES, startAttributes } from '../../src/temporal/search-attributes.ts';
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
import { workflowBundle } from '../support/workflow-bundle.ts';
import { PRESENT_WORKFLOWS } from '../support/workflow-version.ts';
import {
  ACTIVITIES,
  CANCELLED,
  CHECKED,
  COMPLETED,
  DAY_MS,
  DONE,
  EXPIRED,
  HOUR_MS,
  PLACED,
  retryIn,
  type Script,
  SETTLED,
  standIns,
  stuck,
} from './stand-ins.ts';

/*
 * Every branch of the order workflow, with activities that follow a script. Temporal's time-skipping test
 * server skips what the workflow waits for.
 */

const server = inject('timeSkippingServer');
const PHARMACY = 'a-pharmacy';

let environment: TestWorkflowEnvironment;
let bundle: Awaited<ReturnType<typeof workflowBundle>>;
beforeAll(async () => {
  if (server === undefined) return;
  Runtime.install({ logger: createSdkLog(createKeptLog()), shutdownSignals: [] });
  bundle = await workflowBundle(PRESENT_WORKFLOWS);
  environment = await startServer(server);
  // This server cannot list them, which `registerSearchAttributes` does first.
  const names = Object.values(SEARCH_ATTRIBUTES).map(({ name }) => name);
  const type = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
  await environment.connection.operatorService.addSearchAttributes({
    namespace: environment.namespace ?? 'default',
    searchAttributes: Object.fromEntries(names.map((name) => [name, type])),
  });
});
afterAll(() => environment?.teardown());

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

/** One worker serves all orders; each order has a script of its own. */
const scripts = new Map<string, OrderActivities>();
const perform =
  (name: keyof OrderActivities) =>
  async (...args: [orderId: string, ...unknown[]]): Promise<unknown> =>
    await (
      scripts.get(args[0])?.[name] as ((...args: unknown[]) => Promise<unknown>) | undefined
    )?.(...args);
const TASK_QUEUE = 'time-skipping';
let worker: Worker;
let running: Promise<void>;
beforeAll(async () => {
  if (server === undefined) return;
  worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: TASK_QUEUE,
    workflowBundle: bundle,
    activities: Object.fromEntries(ACTIVITIES.map((name) => [name, perform(name)])),
  });
  running = worker.run();
});
afterAll(async () => {
  worker?.shutdown();
  await running;
});

/** Starts the workflow of an order whose activities follow a script. */
async function start(script: Script, input: Partial<OrderInput> = {}) {
  const orderId = randomUUID();
  const calls: string[] = [];
  scripts.set(orderId, standIns(script, calls));
  const workflow = await environment.client.workflow.start(ORDER_WORKFLOW, {
    workflowId: orderWorkflowId(orderId),
    taskQueue: TASK_QUEUE,
    args: [{ orderId, pharmacyId: PHARMACY, ...input } satisfies OrderInput],
    typedSearchAttributes: startAttributes({
      ...{ orderId, pharmacyId: PHARMACY, organizationId: 'an-organization', caseId: 'a-case' },
    }),
  });
  const handle = environment.client.workflow.getHandle(orderWorkflowId(orderId));
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
    events: async () => (await handle.fetchHistory()).events ?? [],
  };
  started.set(handle.workflowId, order);
  return order;
}

// A workflow that a failed test left behind would take the time of the next tests.
afterEach(async () => {
  for (const { handle } of started.values()) await handle.terminate().catch(() => undefined);
  started.clear();
});

type Started = Awaited<ReturnType<typeof start>>;
const started = new Map<string, Started>();

/** An answer that an activity gives after something was done with the order. */
function after<T>(act: (order: Started) => Promise<unknown>, answer: T) {
  return async (): Promise<T> => {
    const { workflowExecution } = Context.current().info;
    const order = await eventually('the order is known', async () =>
      started.get(workflowExecution?.workflowId ?? ''),
    );
    await act(order);
    return answer;
  };
}

describe.skipIf(server === undefined)('the order workflow', () => {
  it('validates, places, waits for the webhook and fetches the documents', async () => {
    const order = await start({});
    await order.reach('AWAITING_COMPLETION');
    await order.complete();
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls).toEqual(['validateOrder', 'placeOrder', 'fetchDocuments']);
  });

  it('fetches at once when the pharmacy has finished while the order was placed', async () => {
    const order = await start({ placeOrder: [SETTLED] });
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls).toEqual(['validateOrder', 'placeOrder', 'fetchDocuments']);
  });

  it('polls every hour for 30 days, and then expires the order', async () => {
    const order = await start({
      lookForCompletion: [...Array.from({ length: 720 }, () => retryIn(HOUR_MS)), 'too-late'],
    });
    const began = await environment.currentTimeMs();
    expect(await order.end()).toBe('EXPIRED COMPLETION_LIMIT');
    expect(count(order, 'lookForCompletion')).toBe(721);
    expect((await environment.currentTimeMs()) - began).toBeGreaterThanOrEqual(30 * DAY_MS);
    expect((await order.events()).length).toBeLessThanOrEqual(40);
  });

  it('polls for the first time at the limit when the limit comes before the first poll', async () => {
    const order = await start({
      validateOrder: [{ ...CHECKED, completionLimitMs: 60_000 }],
      lookForCompletion: ['too-late'],
    });
    const began = await environment.currentTimeMs();
    expect(await order.end()).toBe('EXPIRED COMPLETION_LIMIT');
    expect((await environment.currentTimeMs()) - began).toBeLessThan(HOUR_MS);
  });

  it('fetches when a poll finds the order completed', async () => {
    const order = await start({ lookForCompletion: [retryIn(HOUR_MS), 'settled'] });
    expect(await order.end()).toBe('COMPLETED');
    expect(count(order, 'lookForCompletion')).toBe(2);
  });

  it('fetches when a webhook comes between two polls', async () => {
    const order = await start({ lookForCompletion: [retryIn(20 * DAY_MS)] });
    await order.reach('AWAITING_COMPLETION');
    await environment.sleep(2 * HOUR_MS);
    await order.complete();
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls.slice(2)).toEqual(['lookForCompletion', 'fetchDocuments']);
  });

  it('waits again after a wrong hint, with the first deadline', async () => {
    const order = await start({
      fetchDocuments: [DONE, COMPLETED],
      lookForCompletion: ['too-late', 'settled'],
      expireOrder: [DONE],
    });
    await order.reach('AWAITING_COMPLETION');
    await order.complete();
    // Too late, but the pharmacy has finished after all.
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls.slice(2)).toEqual([
      ...['fetchDocuments', 'lookForCompletion', 'expireOrder', 'lookForCompletion'],
      'fetchDocuments',
    ]);
  });

  it.each([
    ['the check', { validateOrder: [EXPIRED] }, 'EXPIRED COMPLETION_LIMIT', 1],
    [
      'the pharmacy’s refusal',
      { placeOrder: [{ outcome: 'ended', status: 'REJECTED', reasonCode: 'NO' }] },
      'REJECTED NO',
      2,
    ],
  ] as const)('ends with %s', async (_what, script, end, calls) => {
    const order = await start(script as Script);
    expect(await order.end()).toBe(end);
    expect(order.calls).toHaveLength(calls);
  });

  it.each([
    ['validateOrder', [stuck('X'), CHECKED]],
    ['placeOrder', [stuck('X'), SETTLED]],
    ['fetchDocuments', [stuck('X'), COMPLETED]],
    ['expireOrder', [stuck('X'), EXPIRED]],
  ] as const)('waits for a retry when %s needs an operator', async (name, answers) => {
    const order = await start({
      lookForCompletion: [name === 'expireOrder' ? 'too-late' : 'settled'],
      [name]: answers,
    });
    if (name === 'fetchDocuments') {
      await order.reach('AWAITING_COMPLETION');
      await order.complete();
    }
    if (name === 'expireOrder') {
      await order.reach('AWAITING_COMPLETION');
      await environment.sleep(2 * HOUR_MS);
    }
    await order.reach('NEEDS_ATTENTION', 'X');
    await order.retry();
    expect(await order.end()).toMatch(/^(COMPLETED|EXPIRED)/);
    expect(count(order, name)).toBe(2);
    expect(count(order, 'applyRepair')).toBe(1);
  });

  it('needs a new retry for a new problem', async () => {
    const order = await start({ placeOrder: [stuck('X'), stuck('Y'), SETTLED] });
    await order.reach('NEEDS_ATTENTION', 'X');
    await order.retry();
    await order.reach('NEEDS_ATTENTION', 'Y');
    expect(count(order, 'placeOrder')).toBe(2);
    await order.retry();
    expect(await order.end()).toBe('COMPLETED');
  });

  it('rejects a retry of an order that does not need attention, and a cancellation after the end', async () => {
    const order = await start({});
    await order.reach('AWAITING_COMPLETION');
    await expect(order.retry()).rejects.toMatchObject({ cause: { type: 'WRONG_STATUS' } });
    await order.complete();
    expect(await order.end()).toBe('COMPLETED');
  });

  it('asks the pharmacy to cancel an order that waits', async () => {
    const order = await start({});
    await order.reach('AWAITING_COMPLETION');
    await order.cancel();
    expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
    expect(order.calls).toEqual(['validateOrder', 'placeOrder', 'cancelOrder']);
  });

  it('interrupts a poll for a cancellation, and polls again when the pharmacy refuses it', async () => {
    const order = await start({
      cancelOrder: [PLACED],
      lookForCompletion: [retryIn(20 * DAY_MS), 'settled'],
    });
    await order.reach('AWAITING_COMPLETION');
    await environment.sleep(2 * HOUR_MS);
    await order.cancel();
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls.slice(2)).toEqual([
      ...['lookForCompletion', 'cancelOrder', 'lookForCompletion', 'fetchDocuments'],
    ]);
  });

  it('fetches at once when the pharmacy refuses a cancellation because it has finished', async () => {
    const order = await start({ cancelOrder: [SETTLED] });
    await order.reach('AWAITING_COMPLETION');
    await order.cancel();
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls.slice(2)).toEqual(['cancelOrder', 'fetchDocuments']);
  });

  it('follows a hint after a refused cancellation that came with it', async () => {
    const order = await start({
      placeOrder: [after((placed) => Promise.all([placed.complete(), placed.cancel()]), PLACED)],
      cancelOrder: [PLACED],
    });
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls.slice(2)).toEqual(['cancelOrder', 'fetchDocuments']);
  });

  it('interrupts the wait between two attempts to place an order for a cancellation', async () => {
    const order = await start({ placeOrder: [retryIn(DAY_MS)] });
    await eventually('an attempt failed', async () => order.calls.includes('placeOrder'));
    await order.cancel();
    expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
    expect(order.calls).toEqual(['validateOrder', 'placeOrder', 'cancelOrder']);
  });

  it('places the order after the pharmacy has refused a cancellation that interrupted it', async () => {
    const order = await start({ placeOrder: [retryIn(DAY_MS), SETTLED], cancelOrder: [PLACED] });
    await eventually('an attempt failed', async () => order.calls.includes('placeOrder'));
    await order.cancel();
    expect(await order.end()).toBe('COMPLETED');
    expect(order.calls.slice(1)).toEqual([
      ...['placeOrder', 'cancelOrder', 'placeOrder', 'fetchDocuments'],
    ]);
  });

  it('keeps a cancellation whose outcome is unknown pending until after the retry', async () => {
    const unclear = { ...stuck('X'), isPending: true };
    const order = await start({
      placeOrder: [retryIn(DAY_MS)],
      cancelOrder: [unclear, unclear, CANCELLED],
    });
    await eventually('an attempt failed', async () => order.calls.includes('placeOrder'));
    await order.cancel();
    await order.reach('NEEDS_ATTENTION', 'X');
    await order.retry();
    expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
    expect(count(order, 'cancelOrder')).toBe(3);
  });

  it('keeps a retry that came while the pharmacy refused a cancellation', async () => {
    const order = await start({
      fetchDocuments: [stuck('X'), COMPLETED],
      cancelOrder: [after((stopped) => stopped.retry(), stuck('X'))],
    });
    await order.reach('AWAITING_COMPLETION');
    await order.complete();
    await order.reach('NEEDS_ATTENTION', 'X');
    await order.cancel();
    expect(await order.end()).toBe('COMPLETED');
    expect(count(order, 'fetchDocuments')).toBe(2);
  });

  it('records another reason of an order that still needs attention', async () => {
    const order = await start({
      placeOrder: [stuck('X'), SETTLED],
      cancelOrder: [stuck('Y'), DONE as never],
    });
    await order.reach('NEEDS_ATTENTION', 'X');
    await order.cancel();
    await order.reach('NEEDS_ATTENTION', 'Y');
    expect(await attributes(order)).toEqual(['OrderReasonCode', 'OrderStatus']);
    await order.retry();
    expect(await order.end()).toBe('COMPLETED');
  });

  describe('in the run that replaces a lost one', () => {
    const placed = { resting: { reasonCode: 'X', placed: true } };

    it('waits in NEEDS_ATTENTION, and continues after a retry', async () => {
      const order = await start({ placeOrder: [SETTLED] }, placed);
      await order.reach('NEEDS_ATTENTION', 'X');
      expect(order.calls).toEqual([]);
      await order.retry();
      expect(await order.end()).toBe('COMPLETED');
    });

    it('asks the pharmacy to cancel an order that it has', async () => {
      const order = await start({}, placed);
      await order.reach('NEEDS_ATTENTION', 'X');
      await order.cancel();
      expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
      expect(order.calls).toEqual(['cancelOrder']);
    });

    it('checks an order that the pharmacy does not have, because Postgres has cancelled it', async () => {
      const order = await start(
        { validateOrder: [CANCELLED] },
        { resting: { reasonCode: 'X', placed: false } },
      );
      await order.reach('NEEDS_ATTENTION', 'X');
      await order.cancel();
      expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
      expect(order.calls).toEqual(['validateOrder']);
    });
  });

  describe('after “Request Cancellation” in the Temporal UI', () => {
    it('goes on with the order', async () => {
      const order = await start({});
      await order.reach('AWAITING_COMPLETION');
      await order.handle.cancel();
      await order.complete();
      expect(await order.end()).toBe('COMPLETED');
    });

    it('still accepts the updates retry and cancel', async () => {
      const order = await start({ placeOrder: [stuck('X'), stuck('Y')], cancelOrder: [CANCELLED] });
      await order.reach('NEEDS_ATTENTION', 'X');
      await order.handle.cancel();
      await order.retry();
      await order.reach('NEEDS_ATTENTION', 'Y');
      await order.cancelByUpdate();
      expect(count(order, 'applyRepair')).toBe(2);
      await order.cancel(); // as `applyRepair` does
      expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
    });
  });

  it('shows a check that keeps failing as a pending activity, and adds no events meanwhile', async () => {
    const order = await start({
      validateOrder: [
        ...Array.from({ length: 3 }, () => retryIn(1)),
        ...Array.from({ length: 48 }, () => retryIn(60_000)),
        EXPIRED,
      ],
    });
    await eventually('the check is visible', async () => {
      const { raw } = await order.handle.describe();
      return (raw.pendingActivities ?? []).some(
        ({ activityType }) => activityType?.name === 'validateOrder',
      );
    });
    expect(await order.end()).toBe('EXPIRED COMPLETION_LIMIT');
    expect(count(order, 'validateOrder')).toBe(52);
    expect((await order.events()).length).toBeLessThanOrEqual(40);
  });

  describe('with a long history', () => {
    /** Makes the history long while the order waits. */
    async function flood(order: Started): Promise<void> {
      await Promise.all(Array.from({ length: 1_000 }, () => order.complete()));
    }

    it('continues in a new run, with the deadline, and completes there', async () => {
      const limits: number[] = [];
      const order = await start({
        fetchDocuments: [after(flood, DONE), DONE, COMPLETED],
        lookForCompletion: [
          async (_orderId, limit) => {
            limits.push(limit);
            return 'settled';
          },
        ],
      });
      const began = await environment.currentTimeMs();
      await order.reach('AWAITING_COMPLETION');
      await order.complete();
      expect(await order.end()).toBe('COMPLETED');
      expect((await order.handle.describe()).runId).not.toBe(order.runId);
      // The hint that came last is followed in the new run; nothing is checked or placed again.
      expect(order.calls.slice(2, 4)).toEqual(['fetchDocuments', 'fetchDocuments']);
      expect(count(order, 'placeOrder')).toBe(1);
      expect(limits).toHaveLength(1);
      expect(Math.abs((limits[0] ?? 0) - began - 30 * DAY_MS)).toBeLessThan(60_000);
    });

    it('takes a cancellation to the new run', async () => {
      const order = await start({
        fetchDocuments: [
          after(async (waiting) => {
            await flood(waiting);
            await waiting.cancel();
          }, DONE),
        ],
      });
      await order.reach('AWAITING_COMPLETION');
      await order.complete();
      expect(await order.end()).toBe('CANCELLED CANCEL_REQUESTED');
      expect((await order.handle.describe()).runId).not.toBe(order.runId);
    });

    it('waits for a retry in the new run', async () => {
      const order = await start({ placeOrder: [after(flood, stuck('X')), SETTLED] });
      await eventually('the new run waits', async () => {
        const { runId } = await order.handle.describe();
        return runId !== order.runId;
      });
      await order.reach('NEEDS_ATTENTION', 'X');
      await order.retry();
      expect(await order.end()).toBe('COMPLETED');
      expect(count(order, 'placeOrder')).toBe(2);
    });
  });
});

/** The names of the search attributes that the order upserted last. */
async function attributes(order: Started): Promise<string[]> {
  const upserts = (await order.events()).flatMap(
    ({ upsertWorkflowSearchAttributesEventAttributes: event }) => event ?? [],
  );
  return Object.keys(upserts.at(-1)?.searchAttributes?.indexedFields ?? {}).sort();
}

function count({ calls }: Started, name: keyof OrderActivities): number {
  return calls.filter((call) => call === name).length;
}
