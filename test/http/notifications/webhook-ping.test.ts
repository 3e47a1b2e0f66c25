import { describe, expect, it } from 'vitest';
import { verifyWebhook } from '../../../packages/webhooks/src/index.ts';
import { answering } from '../../support/receiver.ts';
import { useWebhooks } from '../../support/use-webhooks.ts';

const ENDPOINTS = 'webhook-endpoints';
const HEADER_VALUE = 'Bearer value-of-the-header';

const webhooks = useWebhooks();

describe('a test of an endpoint', () => {
  it('sends a signed PING with the endpoint’s header, and returns the outcome', async () => {
    const { id, secret } = await webhooks.create({
      authHeader: { name: 'X-Token', value: HEADER_VALUE },
    });
    webhooks.receiver.answer = (response) => response.writeHead(202).end('thank\tyou\u0007');
    const { status, json } = await webhooks.call('POST', `${ENDPOINTS}/${id}/test`);

    expect(status).toBe(200);
    const { delivery } = json.data;
    expect(delivery).toEqual({
      id: expect.any(String),
      endpointId: id,
      event: 'PING',
      eventId: null,
      orderId: null,
      status: 'DELIVERED',
      attempts: [
        {
          at: expect.any(String),
          status: 202,
          durationMs: expect.any(Number),
          errorClass: null,
          answerStart: 'thank you\uFFFD',
          nextAttemptAt: null,
        },
      ],
      nextAttemptAt: null,
      deliveredAt: expect.any(String),
      createdAt: expect.any(String),
    });
    const [{ headers, raw } = { headers: {}, raw: '' }] = webhooks.receiver.received;
    expect(verifyWebhook(raw, headers, secret)).toEqual({
      event: 'PING',
      payload: { endpoint: { id } },
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'rx-orders-webhooks',
      'x-token': HEADER_VALUE,
      'webhook-id': delivery.id,
    });
    expect(headers).not.toHaveProperty('x-cv-signature-next');
    const log = await webhooks.call('GET', `webhook-deliveries?endpointId=${id}&event=PING`);
    expect(log.json.data.deliveries).toEqual([delivery]);
  });

  it.each<[number, Record<string, string>, string]>([
    [500, {}, 'http_5xx'],
    [302, { location: 'http://127.0.0.1:1024/' }, 'redirect'],
    [410, {}, 'http_4xx'],
  ])(
    'that is answered %i is logged as dead, and does not change the endpoint',
    async (status, headers, errorClass) => {
      const { id } = await webhooks.create();
      webhooks.receiver.answer = answering(status, headers);
      const { delivery } = (await webhooks.call('POST', `${ENDPOINTS}/${id}/test`)).json.data;

      expect(delivery).toMatchObject({
        status: 'DEAD',
        deliveredAt: null,
        attempts: [{ status, errorClass, answerStart: 'an answer' }],
      });
      const { endpoint } = (await webhooks.call('GET', `${ENDPOINTS}/${id}`)).json.data;
      expect(endpoint.status).toBe('ENABLED');
      expect(webhooks.receiver.received).toHaveLength(1);
    },
  );

  it('without an answer returns the class of the failure', async () => {
    const { id } = await webhooks.create();
    await webhooks.receiver.close();
    const { delivery } = (await webhooks.call('POST', `${ENDPOINTS}/${id}/test`)).json.data;
    expect(delivery).toMatchObject({
      status: 'DEAD',
      attempts: [
        { status: null, errorClass: 'connect', answerStart: 'No connection could be made.' },
      ],
    });
  });

  it('enables a PAUSED endpoint that answers 2xx, and its waiting deliveries become due', async () => {
    const { id } = await webhooks.create();
    await webhooks.recordEvent();
    await pause(id);
    webhooks.receiver.answer = answering(503);
    await webhooks.call('POST', `${ENDPOINTS}/${id}/test`);
    expect((await webhooks.call('GET', `${ENDPOINTS}/${id}`)).json.data.endpoint).toMatchObject({
      status: 'PAUSED',
      statusReason: 'FAILED_FOR_DAYS',
      failingSince: expect.any(String),
    });
    expect(await webhooks.deliveriesTo(id)).toMatchObject([{ due: false }]);

    webhooks.receiver.answer = answering(200);
    await webhooks.waitForNotification(() => webhooks.call('POST', `${ENDPOINTS}/${id}/test`));
    const { endpoint } = (await webhooks.call('GET', `${ENDPOINTS}/${id}`)).json.data;
    expect(endpoint.status).toBe('ENABLED');
    expect(endpoint).not.toHaveProperty('statusReason');
    expect(endpoint).not.toHaveProperty('failingSince');
    expect(await webhooks.deliveriesTo(id)).toMatchObject([{ status: 'PENDING', due: true }]);
  });

  it('leaves a DISABLED endpoint disabled', async () => {
    const { id } = await webhooks.create();
    await webhooks.call('PATCH', `${ENDPOINTS}/${id}`, { status: 'DISABLED' });
    const { delivery } = (await webhooks.call('POST', `${ENDPOINTS}/${id}/test`)).json.data;
    expect(delivery.status).toBe('DELIVERED');
    expect((await webhooks.call('GET', `${ENDPOINTS}/${id}`)).json.data.endpoint.status).toBe(
      'DISABLED',
    );
  });

  async function pause(id: string) {
    await webhooks.api.database`
      UPDATE webhook_endpoints SET status = 'PAUSED', status_reason = 'FAILED_FOR_DAYS',
        failing_since = now() - interval '5 days'
      WHERE id = ${id}`;
    await webhooks.api.database`
      UPDATE webhook_deliveries SET next_attempt_at = now() + interval '1 hour'
      WHERE endpoint_id = ${id}`;
  }
});

describe('a rotation of the secret', () => {
  it('lets both secrets sign for 24 hours, then only the new one', async () => {
    const { id, secret: first } = await webhooks.create();
    const rotated = (await webhooks.call('POST', `${ENDPOINTS}/${id}/rotate-secret`)).json.data
      .endpoint;
    const { secret: second } = rotated;
    expect(second).not.toBe(first);
    const hours = (Date.parse(rotated.previousSecretUntil) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThanOrEqual(24);

    await webhooks.call('POST', `${ENDPOINTS}/${id}/test`);
    const both = webhooks.receiver.received[0];
    for (const secret of [first, second]) {
      expect(verifyWebhook(both?.raw ?? '', both?.headers ?? {}, secret)).toMatchObject({
        event: 'PING',
      });
    }
    // A handler that reads only x-cv-signature still has the old secret.
    const plain = { 'x-cv-signature': both?.headers['x-cv-signature'] };
    const untimed = { requireTimestamp: false };
    expect(verifyWebhook(both?.raw ?? '', plain, first, untimed)).toMatchObject({ event: 'PING' });

    await webhooks.api.database`
      UPDATE webhook_endpoints SET previous_secret_until = now() WHERE id = ${id}`;
    await webhooks.call('POST', `${ENDPOINTS}/${id}/test`);
    const one = webhooks.receiver.received[1];
    expect(verifyWebhook(one?.raw ?? '', one?.headers ?? {}, second)).toMatchObject({
      event: 'PING',
    });
    expect(() => verifyWebhook(one?.raw ?? '', one?.headers ?? {}, first)).toThrow();
    expect(
      (await webhooks.call('GET', `${ENDPOINTS}/${id}`)).json.data.endpoint,
    ).not.toHaveProperty('previousSecretUntil');
  });

  it('that follows another ends the first secret at once', async () => {
    const { id, secret: first } = await webhooks.create();
    await webhooks.call('POST', `${ENDPOINTS}/${id}/rotate-secret`);
    await webhooks.call('POST', `${ENDPOINTS}/${id}/rotate-secret`);
    await webhooks.call('POST', `${ENDPOINTS}/${id}/test`);
    const [sent] = webhooks.receiver.received;
    expect(() => verifyWebhook(sent?.raw ?? '', sent?.headers ?? {}, first)).toThrow();
  });
});
