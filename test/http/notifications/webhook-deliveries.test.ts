import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryView } from '../../../src/contract/webhook-delivery.ts';
import { createOrganization } from '../../support/organization.ts';
import { type StoredDelivery, storeDelivery } from '../../support/stored-delivery.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';
import { createWebhooksCall, type WebhooksCall } from '../../support/use-webhooks.ts';

const URL = 'http://127.0.0.1:1024/hook';

let api: TestApi;
let call: WebhooksCall;
let orderId: string;
let stored: StoredDelivery;
beforeAll(async () => {
  api = await startTestApi();
  call = await createWebhooksCall(api);
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.database`UPDATE webhook_endpoints SET deleted_at = coalesce(deleted_at, now())`;
  orderId = (await api.place(exampleWithoutKey())).json.data.order.id;
  stored = await storeDelivery(api.database, api.organization.organizationId, {
    url: URL,
    orderId,
  });
});

async function list(query: string): Promise<DeliveryView[]> {
  const answer = await call('GET', `webhook-deliveries?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.json.data.deliveries;
}

function replay(id = stored.deliveryId) {
  return call('POST', `webhook-deliveries/${id}/replay`);
}

/** Reads the delivery's row. */
async function row() {
  const [found] = await api.database`
    SELECT status, attempts, locked_until, delivered_at, next_attempt_at <= now() AS due
    FROM webhook_deliveries WHERE id = ${stored.deliveryId}`;
  return found;
}

describe('the log', () => {
  it('shows a delivery with each attempt', async () => {
    const { deliveryId, endpointId } = stored;
    await api.database`
      INSERT INTO webhook_attempts (delivery_id, duration_ms, error_class, next_attempt_at)
      VALUES (${deliveryId}, 10000, 'timeout', now() + interval '5 minutes')`;

    expect(await list(`endpointId=${endpointId}`)).toEqual([
      {
        id: deliveryId,
        endpointId,
        event: 'ORDER_CREATED',
        eventId: expect.any(String),
        orderId,
        status: 'DEAD',
        attempts: [
          {
            at: expect.any(String),
            status: 503,
            durationMs: 12,
            errorClass: 'http_5xx',
            answerStart: 'busy',
            nextAttemptAt: null,
          },
          {
            at: expect.any(String),
            status: null,
            durationMs: 10_000,
            errorClass: 'timeout',
            nextAttemptAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
          },
        ],
        nextAttemptAt: null,
        deliveredAt: null,
        createdAt: expect.any(String),
      },
    ]);
  });

  it('shows the newest 50 attempts, oldest first', async () => {
    await api.database`
      INSERT INTO webhook_attempts (delivery_id, duration_ms, status_code, error_class)
      SELECT ${stored.deliveryId}, number, 500, 'http_5xx' FROM generate_series(1, 60) AS number`;
    const [delivery] = await list(`endpointId=${stored.endpointId}`);
    expect(delivery?.attempts.map(({ durationMs }) => durationMs)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 11),
    );
  });

  it('is filtered by endpoint, status, event and order', async () => {
    const other = await storeDelivery(api.database, api.organization.organizationId, {
      url: URL,
      orderId,
    });
    // The second event was queued for the first endpoint as well.
    const all = await list(`orderId=${orderId}`);
    expect(all).toHaveLength(3);
    const ids = async (query: string) => (await list(query)).map(({ id }) => id);
    expect(await ids(`orderId=${orderId}&status=DEAD`)).toEqual(
      [other.deliveryId, stored.deliveryId].toSorted().toReversed(),
    );
    expect(await ids(`endpointId=${other.endpointId}`)).toEqual([other.deliveryId]);
    expect(await ids(`endpointId=${other.endpointId}&event=ORDER_STATUS_CHANGED`)).toEqual([]);
    expect(await ids(`orderId=${randomUUID()}`)).toEqual([]);
    expect(await ids('orderId=x')).toEqual([]);
    expect(await ids('endpointId=%20')).toEqual([]);
  });

  it('lists the newest first, page by page', async () => {
    for (let index = 0; index < 4; index++) {
      await api.database`SELECT record_order_event(${orderId}, 'ORDER_STATUS_CHANGED', '{}')`;
    }
    const whole = await list(`orderId=${orderId}`);
    const times = whole.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().toReversed());
    const paged: DeliveryView[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const after: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { data } = (await call('GET', `webhook-deliveries?orderId=${orderId}&limit=2${after}`))
        .json;
      paged.push(...data.deliveries);
      cursor = data.nextCursor;
    }
    expect(paged).toEqual(whole);
    expect(whole).toHaveLength(5);
  });

  it.each([
    ['status=SENT', 'status must be one of PENDING, RETRYING, DELIVERED, DEAD, CANCELLED'],
    ['limit=0', 'limit must be an integer from 1 to 200'],
    ['cursor=x', 'cursor must be a nextCursor of this list'],
  ])('answers 400 to %s', async (query, error) => {
    expect(await call('GET', `webhook-deliveries?${query}`)).toMatchObject({
      status: 400,
      json: { error },
    });
  });

  it('shows another organization nothing', async () => {
    const { organizationId } = await createOrganization(api.database);
    const foreign = await createWebhooksCall(api, organizationId);
    for (const query of ['', `?orderId=${orderId}`, `?endpointId=${stored.endpointId}`]) {
      const { json } = await foreign('GET', `webhook-deliveries${query}`);
      expect(json.data).toEqual({ deliveries: [], nextCursor: null });
    }
    for (const id of [stored.deliveryId, randomUUID(), 'x', '%00']) {
      expect((await foreign('POST', `webhook-deliveries/${id}/replay`)).text).toBe(
        '{"status":404,"success":false,"message":"Not found","error":"delivery not found"}',
      );
    }
    expect(await row()).toMatchObject({ status: 'DEAD' });
  });
});

describe('a replay', () => {
  it.each(['DEAD', 'DELIVERED'])('of a %s delivery starts over immediately', async (status) => {
    await api.database`
      UPDATE webhook_deliveries SET status = ${status}, attempts = 10, delivered_at = now(),
        locked_until = now() + interval '1 minute'
      WHERE id = ${stored.deliveryId}`;
    let notify = () => {};
    const notified = new Promise<void>((resolve) => {
      notify = resolve;
    });
    const { unlisten } = await api.database.listen('deliveries', () => notify());
    const answer = await replay();
    await notified;
    await unlisten();

    expect(answer).toMatchObject({
      status: 200,
      json: {
        data: {
          delivery: {
            id: stored.deliveryId,
            status: 'PENDING',
            deliveredAt: null,
            nextAttemptAt: expect.any(String),
            attempts: [{ status: 503 }],
          },
        },
      },
    });
    expect(await row()).toMatchObject({ attempts: 0, lockedUntil: null, due: true });
  });

  it.each(['PENDING', 'RETRYING'])(
    'of what is %s makes it due, and goes on counting',
    async (status) => {
      await api.database`
      UPDATE webhook_deliveries SET status = ${status}, attempts = 3,
        next_attempt_at = now() + interval '1 hour'
      WHERE id = ${stored.deliveryId}`;
      expect((await replay()).status).toBe(200);
      expect(await row()).toMatchObject({ status: 'PENDING', attempts: 3, due: true });
    },
  );

  it('of a cancelled delivery is refused', async () => {
    await api.database`
      UPDATE webhook_deliveries SET status = 'CANCELLED' WHERE id = ${stored.deliveryId}`;
    expect(await replay()).toMatchObject({ status: 409, json: { code: 'NOT_REPLAYABLE' } });
  });

  it('of a PING is refused', async () => {
    const { json } = await call('POST', `webhook-endpoints/${stored.endpointId}/test`);
    expect(await replay(json.data.delivery.id)).toMatchObject({
      status: 409,
      json: { code: 'NOT_REPLAYABLE', error: 'a PING is not replayed: test the endpoint' },
    });
  });

  it.each(['PAUSED', 'DISABLED', 'DELETED'])(
    'to an endpoint that is %s is refused',
    async (status) => {
      await (status === 'DELETED'
        ? call('DELETE', `webhook-endpoints/${stored.endpointId}`)
        : api.database`
          UPDATE webhook_endpoints SET status = ${status} WHERE id = ${stored.endpointId}`);
      expect(await replay()).toMatchObject({
        status: 409,
        json: { code: 'ENDPOINT_NOT_ENABLED', error: `the endpoint is ${status}` },
      });
      expect(await row()).toMatchObject({ status: 'DEAD' });
    },
  );
});
