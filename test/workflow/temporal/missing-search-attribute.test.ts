import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect, inject, it } from 'vitest';
import {
  addSearchAttributes,
  findSearchAttributeGaps,
} from '../../../src/temporal/register-search-attributes.ts';
import {
  SEARCH_ATTRIBUTE_NAMES,
  startAttributes,
} from '../../../src/temporal/search-attributes.ts';
import {
  ORDER_WORKFLOW,
  type OrderInput,
  orderWorkflowId,
  retryUpdate,
} from '../../../src/workflows/order-messages.ts';
import { eventually } from '../../support/eventually.ts';
import { createKeptLog } from '../../support/logs.ts';
import { sendSdkLogTo } from '../../support/sdk-runtime.ts';
import { workflowBundle } from '../../support/workflow-bundle.ts';
import { SETTLED, standIns, stuck } from '../../time-skipping/stand-ins.ts';

it('an order that upserts a missing search attribute waits until it exists, and continues', async () => {
  sendSdkLogTo(createKeptLog());
  const namespace = `without-reason-code-${randomUUID()}`;
  const connection = await NativeConnection.connect({ address: inject('temporal').address });
  const calls: string[] = [];
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    const earlier = SEARCH_ATTRIBUTE_NAMES.filter((name) => name !== 'OrderReasonCode');
    await eventually('the namespace is known', () =>
      addSearchAttributes(connection, namespace, earlier).then(
        () => true,
        () => false,
      ),
    );
    const worker = await Worker.create({
      ...{ connection, namespace, taskQueue: 'orders' },
      workflowBundle: await workflowBundle(),
      activities: { ...standIns({ placeOrder: [stuck('X'), SETTLED] }, calls) },
    });
    await worker.runUntil(async () => {
      const orderId = randomUUID();
      const ids = { orderId, pharmacyId: 'a-pharmacy', organizationId: 'o', caseId: 'c' };
      const { workflow } = new Client({ connection, namespace });
      const order = await eventually('the attributes of the start are known', () =>
        workflow
          .start(ORDER_WORKFLOW, {
            workflowId: orderWorkflowId(orderId),
            taskQueue: 'orders',
            args: [{ orderId, pharmacyId: ids.pharmacyId } satisfies OrderInput],
            typedSearchAttributes: startAttributes(ids),
            // A failed task is repeated after this time, and then after longer and longer pauses.
            workflowTaskTimeout: '1s',
          })
          .catch(() => false as const),
      );
      await eventually('the history names the attribute', async () => {
        const { events } = await order.fetchHistory();
        return (events ?? []).some((event) =>
          event.workflowTaskFailedEventAttributes?.failure?.message?.includes('OrderReasonCode'),
        );
      });
      expect(await findSearchAttributeGaps(connection, namespace)).toMatchObject({
        missing: ['OrderReasonCode'],
      });

      await addSearchAttributes(connection, namespace, ['OrderReasonCode']);

      await eventually('it needs attention, and takes the update', () =>
        order.executeUpdate(retryUpdate, { args: [{}] }).then(
          () => true,
          () => false,
        ),
      );
      expect(await order.result()).toMatchObject({ status: 'COMPLETED' });
      expect(calls.filter((name) => name === 'placeOrder')).toHaveLength(2);
    });
  } finally {
    await connection.close();
  }
}, 60_000);
