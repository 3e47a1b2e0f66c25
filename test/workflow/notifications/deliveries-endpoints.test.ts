import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyWebhook } from '../../../packages/webhooks/src/index.ts';
import { webhookDeliveryWorkflowId } from '../../../src/workflows/webhook-delivery-messages.ts';
import { createEndpoint, queuePings, readDelivery } from '../../support/deliveries.ts';
import { type DeliveryRig, openDeliveryRig } from '../../support/delivery-rig.ts';
import { eventually } from '../../support/eventually.ts';
import { answering, startReceiver } from '../../support/receiver.ts';

// Deliveries to endpoints that are gone, failing, paused or deleted.

let rig: DeliveryRig;
beforeAll(async () => {
  rig = await openDeliveryRig();
});
beforeEach(() => rig.renew());
afterAll(() => rig.close());

it('sends nothing more to an endpoint that answers 410, and notifies the other endpoints', async () => {
  const other = await startReceiver();
  const next = await createEndpoint(rig.database, rig.endpoint.organizationId, other.url);
  rig.receiver.answer = answering(410);
  const id = await rig.ping();
  expect(await rig.reach(id, 'DEAD')).toMatchObject({ attempts: 1, log: ['http_4xx'] });
  const later = await rig.ping();
  await eventually('the other endpoint is notified', async () => other.received.length > 0);

  expect(await rig.readEndpoint()).toMatchObject({
    status: 'DISABLED',
    statusReason: 'ANSWERED_GONE',
  });
  const [{ raw, headers } = { raw: '', headers: {} }] = other.received;
  expect(verifyWebhook(raw, headers, next.secret)).toEqual({
    event: 'ENDPOINT_DISABLED',
    payload: { endpoint: { id: rig.endpoint.id, url: rig.receiver.url, reason: 'ANSWERED_GONE' } },
  });
  expect((await readDelivery(rig.database, later)).status).toBe('PENDING');
  expect(rig.receiver.received).toHaveLength(1);
  await other.close();
});

it('follows the time in Postgres when a delivery was replayed while its workflow waited', async () => {
  await rig.stopped(async () => {}, { retryScheduleMs: [600_000, 50, 50] });
  rig.receiver.answer = answering(500);
  const id = await rig.ping();
  await rig.reach(id, 'RETRYING');
  const workflow = rig.deliveries.client.workflow.getHandle(webhookDeliveryWorkflowId(id));
  await eventually('its workflow waits', async () => {
    const { raw } = await workflow.describe().catch(() => ({ raw: undefined }));
    return raw?.pendingActivities?.some(({ lastFailure }) => lastFailure);
  });

  // As a replay does: the pool makes the next attempt, which also fails.
  await rig.database`
    UPDATE webhook_deliveries SET status = 'PENDING', next_attempt_at = now() WHERE id = ${id}`;
  await eventually('it was attempted again', async () => rig.receiver.received.length > 1);
  rig.receiver.answer = answering(204);

  expect(await rig.reach(id, 'DELIVERED')).toMatchObject({ attempts: 3 });
  await rig.stopped(async () => {});
});

it('cancels a delivery that was queued while its endpoint was being deleted', async () => {
  await rig.database`UPDATE webhook_endpoints SET deleted_at = now() WHERE id = ${rig.endpoint.id}`;
  const id = await rig.ping();
  await rig.stopped(async () => {});

  await rig.reach(id, 'CANCELLED');
  expect(rig.receiver.received).toEqual([]);
});

describe('a failing endpoint', () => {
  beforeEach(async () => {
    await rig.database`UPDATE webhook_endpoints SET failing_since = now() WHERE id = ${rig.endpoint.id}`;
  });

  it('gets first attempts from workflows, one at a time, until one succeeds', async () => {
    const atOnce: number[] = [];
    let inFlight = 0;
    rig.receiver.answer = (response) => {
      atOnce.push((inFlight += 1));
      const status = atOnce.length <= 2 ? 500 : 200;
      setTimeout(() => {
        inFlight -= 1;
        response.writeHead(status).end();
      }, 100);
    };
    const ids = await queuePings(rig.database, rig.endpoint, 4);
    for (const id of ids) await rig.reach(id, 'DELIVERED');

    expect(atOnce.slice(0, 3)).toEqual([1, 1, 1]);
    const logs = await Promise.all(ids.map((id) => readDelivery(rig.database, id)));
    expect(logs.flatMap(({ log }) => log).toSorted()).toEqual([
      'http_5xx',
      'http_5xx',
      'ok',
      'ok',
      'ok',
      'ok',
    ]);
    for (const id of ids) expect(await rig.deliveries.result(id)).toBe('delivered');
  });

  it('is paused after days; deliveries wait, and continue when it is enabled', async () => {
    await rig.database`
      UPDATE webhook_endpoints SET failing_since = now() - interval '6 days'
      WHERE id = ${rig.endpoint.id}`;
    rig.receiver.answer = answering(500);
    const id = await rig.ping();
    expect(await rig.reach(id, 'RETRYING')).toBeDefined();
    await eventually(
      'it is paused',
      async () => (await rig.readEndpoint())?.['status'] === 'PAUSED',
    );
    const held = await rig.reach(id, 'PENDING');
    expect(await rig.deliveries.result(id)).toBe('held');
    const later = await rig.ping();

    expect(await rig.readEndpoint()).toMatchObject({ statusReason: 'FAILED_FOR_DAYS' });
    expect(held).toMatchObject({ attempts: 1, nextAttemptAt: expect.any(Date) });
    rig.receiver.answer = answering(200);
    await rig.database`
      UPDATE webhook_endpoints SET status = 'ENABLED', failing_since = NULL
      WHERE id = ${rig.endpoint.id}`;
    expect(await rig.reach(id, 'DELIVERED')).toMatchObject({ attempts: 2 });
    await rig.reach(later, 'DELIVERED');
  });

  it('cancels its open deliveries when it is deleted', async () => {
    rig.receiver.answer = answering(500);
    const id = await rig.ping();
    await rig.reach(id, 'RETRYING');
    await rig.database`UPDATE webhook_endpoints SET deleted_at = now() WHERE id = ${rig.endpoint.id}`;

    expect(await rig.reach(id, 'CANCELLED')).toMatchObject({ nextAttemptAt: null });
    expect(await rig.deliveries.result(id)).toBe('cancelled');
  });
});
