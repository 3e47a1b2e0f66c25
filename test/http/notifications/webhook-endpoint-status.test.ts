import { describe, expect, it } from 'vitest';
import { useWebhooks } from '../../support/use-webhooks.ts';

const ENDPOINTS = 'webhook-endpoints';
const HEADER_VALUE = 'Bearer value-of-the-header';

const webhooks = useWebhooks();

describe('an endpoint', () => {
  it('that is disabled gets no new deliveries; when enabled, waiting deliveries become due', async () => {
    const { id } = await webhooks.create();
    const path = `${ENDPOINTS}/${id}`;
    await webhooks.recordEvent();
    await webhooks.api.database`
      UPDATE webhook_deliveries SET next_attempt_at = now() + interval '1 hour'
      WHERE endpoint_id = ${id}`;

    const disabled = await webhooks.call('PATCH', path, { status: 'DISABLED' });
    expect(disabled.json.data.endpoint).toMatchObject({
      status: 'DISABLED',
      statusReason: 'BY_HAND',
    });
    await webhooks.recordEvent();
    expect(await webhooks.deliveriesTo(id)).toMatchObject([{ status: 'PENDING', due: false }]);

    await webhooks.waitForNotification(() => webhooks.call('PATCH', path, { status: 'ENABLED' }));
    const { endpoint } = (await webhooks.call('GET', path)).json.data;
    expect(endpoint.status).toBe('ENABLED');
    expect(endpoint).not.toHaveProperty('statusReason');
    expect(await webhooks.deliveriesTo(id)).toMatchObject([{ status: 'PENDING', due: true }]);
  });

  it('that is already enabled keeps the times of its deliveries', async () => {
    const { id } = await webhooks.create();
    await webhooks.recordEvent();
    await webhooks.api.database`
      UPDATE webhook_deliveries SET next_attempt_at = now() + interval '1 hour'
      WHERE endpoint_id = ${id}`;

    await webhooks.call('PATCH', `${ENDPOINTS}/${id}`, { status: 'ENABLED' });
    expect(await webhooks.deliveriesTo(id)).toMatchObject([{ due: false }]);
  });

  it('that is deleted answers 404; its open deliveries are cancelled, its log is kept', async () => {
    const { id } = await webhooks.create({ authHeader: { name: 'X-Token', value: HEADER_VALUE } });
    const { id: other } = await webhooks.create();
    await webhooks.recordEvent();
    await webhooks.call('POST', `${ENDPOINTS}/${id}/test`);

    expect(await webhooks.call('DELETE', `${ENDPOINTS}/${id}`)).toMatchObject({
      status: 200,
      json: { status: 200, success: true, data: { endpoint: { id } } },
    });
    const answers = await Promise.all([
      webhooks.call('GET', `${ENDPOINTS}/${id}`),
      webhooks.call('DELETE', `${ENDPOINTS}/${id}`),
      webhooks.call('PATCH', `${ENDPOINTS}/${id}`, {}),
      webhooks.call('POST', `${ENDPOINTS}/${id}/rotate-secret`),
      webhooks.call('POST', `${ENDPOINTS}/${id}/test`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    expect(await webhooks.deliveriesTo(id)).toMatchObject([
      { status: 'CANCELLED', nextAttemptAt: null },
    ]);
    expect(await webhooks.deliveriesTo(other)).toMatchObject([{ status: 'PENDING' }]);
    const log = await webhooks.call('GET', `webhook-deliveries?endpointId=${id}`);
    expect(log.json.data.deliveries.map(({ status }: { status: string }) => status)).toEqual([
      'DELIVERED',
      'CANCELLED',
    ]);
    const [row] = await webhooks.api
      .database`SELECT auth_header_value FROM webhook_endpoints WHERE id = ${id}`;
    expect(row?.['authHeaderValue']).toBeNull();
  });
});
