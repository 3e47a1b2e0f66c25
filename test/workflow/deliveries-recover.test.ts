import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { SendResult } from '../../src/webhooks/send-result.ts';
import { readDelivery, startTestDeliveries, type TestDeliveries } from '../support/deliveries.ts';
import { type DeliveryRig, openDeliveryRig } from '../support/delivery-rig.ts';
import { eventually } from '../support/eventually.ts';

// What dies between two steps is made up for.

let rig: DeliveryRig;
beforeAll(async () => {
  rig = await openDeliveryRig();
});
beforeEach(() => rig.renew());
afterAll(() => rig.close());

it('starts a workflow again that was lost', async () => {
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

it('starts the workflows that the process before it left wanted', async () => {
  let id = '';
  await rig.stopped(async () => {
    id = await rig.ping();
    await rig.database`
      UPDATE webhook_deliveries SET status = 'RETRYING', workflow_wanted = true WHERE id = ${id}`;
  });

  await rig.reach(id, 'DELIVERED');
  expect(await rig.deliveries.result(id)).toBe('delivered');
});

it('repeats an attempt under the same id when its process died before it was recorded, and counts it once', async () => {
  let release: (result: SendResult) => void = () => undefined;
  let dying: TestDeliveries | undefined;
  let id = '';
  await rig.stopped(async () => {
    dying = await startTestDeliveries(rig.database, {
      wrap: (sender) => ({
        ...sender,
        // Sent, and then nothing more is heard of it.
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
    // In place of waiting for the lease's end.
    await rig.database`UPDATE webhook_deliveries SET locked_until = now() WHERE id = ${id}`;
  });
  const done = await rig.reach(id, 'DELIVERED');
  release({ status: 500, durationMs: 1, bodyStart: '' });
  await dying?.stop();

  expect(rig.received()).toEqual([id, id]);
  expect(done).toMatchObject({ attempts: 1, log: ['ok'] });
  expect(await readDelivery(rig.database, id)).toEqual(done);
  expect(await rig.readEndpoint()).toMatchObject({ failingSince: null });
});
