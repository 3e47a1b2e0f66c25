import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { takeStarts } from '../../../src/notifications/deliveries/workflow-starts.ts';
import type { SendResult } from '../../../src/notifications/sending/send-result.ts';
import { queuePings, readDelivery, startTestDeliveries } from '../../support/deliveries.ts';
import { type DeliveryRig, openDeliveryRig } from '../../support/delivery-rig.ts';
import { eventually } from '../../support/eventually.ts';
import { answering } from '../../support/receiver.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';

// Deliveries recover from processes that die between two steps.

let rig: DeliveryRig;
beforeAll(async () => {
  rig = await openDeliveryRig();
});
beforeEach(() => rig.renew());
afterAll(() => rig.close());

it('starts another workflow for a delivery whose workflow was lost', async () => {
  const id = await rig.ping();
  await rig.reach(id, 'DELIVERED');
  await rig.stopped(async () => {
    await rig.database`
      UPDATE webhook_deliveries SET status = 'RETRYING', delivered_at = NULL,
        next_attempt_at = now() - interval '11 minutes' WHERE id = ${id}`;
  });

  expect(await rig.reach(id, 'DELIVERED')).toMatchObject({ attempts: 2 });
  expect(rig.received()).toEqual([id, id]);
});

/** Queues the start of a delivery's workflow, while no process runs; returns the delivery's id. */
async function queueStart(): Promise<string> {
  const id = await rig.ping();
  await rig.database`
    UPDATE webhook_deliveries SET status = 'RETRYING', workflow_wanted = true WHERE id = ${id}`;
  return id;
}

it('starts the workflows that an earlier process queued', async () => {
  let id = '';
  await rig.stopped(async () => {
    id = await queueStart();
  });

  await rig.reach(id, 'DELIVERED');
  expect(await rig.deliveries.result(id)).toBe('delivered');
});

it('starts the workflow whose start a process had taken before it died', async () => {
  let id = '';
  await rig.stopped(async () => {
    id = await queueStart();
    const [taken] = await takeStarts(rig.asWorker, 10);
    expect(taken?.deliveryId).toBe(id);
    expect(await takeStarts(rig.asWorker, 10)).toEqual([]);
    await rig.database`
      UPDATE webhook_deliveries SET start_locked_until = now() + interval '1 second' WHERE id = ${id}`;
  });

  await rig.reach(id, 'DELIVERED');
  expect(await rig.deliveries.result(id)).toBe('delivered');
  const [row] = await rig.database`
    SELECT workflow_wanted, start_locked_until FROM webhook_deliveries WHERE id = ${id}`;
  expect(row).toEqual({ workflowWanted: false, startLockedUntil: null });
});

it('makes first attempts while Temporal is unreachable, and retries when it is back', async () => {
  const [host = '', port] = inject('temporal').address.split(':');
  const proxy = await startTcpProxy({ host, port: Number(port) });
  await rig.stopped(async () => {}, { temporalAddress: `127.0.0.1:${proxy.port}` });
  proxy.freeze();
  await rig.reach(await rig.ping(), 'DELIVERED');
  rig.receiver.answer = answering(500);
  const failed = await rig.ping();
  await rig.reach(failed, 'RETRYING');
  await eventually('a start has failed', async () =>
    rig.deliveries.log.lines.some(
      ({ message }) => message === 'webhook delivery workflow not started',
    ),
  );
  rig.receiver.answer = answering(200);
  await proxy.restore();

  expect(await rig.reach(failed, 'DELIVERED')).toMatchObject({ attempts: 2 });
  await rig.stopped(async () => {});
  await proxy.close();
});

it('delivers each webhook once when several processes share the queue', async () => {
  const other = await startTestDeliveries(rig.asWorker);
  const ids = await queuePings(rig.database, rig.endpoint, 60);
  for (const id of ids) await rig.reach(id, 'DELIVERED');
  await other.stop();

  expect(rig.received().toSorted()).toEqual(ids.toSorted());
});

it('repeats an attempt with the same id if its process died before recording it, and counts one', async () => {
  let release: (result: SendResult) => void = () => undefined;
  let dying: Promise<void> | undefined;
  let id = '';
  await rig.stopped(async () => {
    const process = await startTestDeliveries(rig.asWorker, {
      wrap: (sender) => ({
        ...sender,
        // Sends the webhook, then hangs like a process that died.
        post: async (...request) => {
          await sender.post(...request);
          return await new Promise<SendResult>((resolve) => {
            release = resolve;
          });
        },
      }),
    });
    id = await rig.ping();
    await eventually('it is sent', async () => rig.receiver.received.length === 1);
    // It leases nothing more, and cannot finish the attempt in flight.
    dying = process.stop();
    // Instead of waiting for the lease to expire.
    await rig.database`UPDATE webhook_deliveries SET locked_until = now() WHERE id = ${id}`;
  });
  const done = await rig.reach(id, 'DELIVERED');
  release({ status: 500, durationMs: 1, bodyStart: '' });
  await dying;

  expect(rig.received()).toEqual([id, id]);
  expect(done).toMatchObject({ attempts: 1, log: ['ok'] });
  expect(await readDelivery(rig.database, id)).toEqual(done);
  expect(await rig.readEndpoint()).toMatchObject({ failingSince: null });
});
