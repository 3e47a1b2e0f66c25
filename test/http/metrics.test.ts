import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpMetrics } from '../../src/http/metrics.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { exampleWithoutKey, sendTo, startTestApi, type TestApi } from '../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

/** The value of a series with exactly this name and these labels. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

it('counts requests by route pattern, without any id', async () => {
  const { json } = await api.place(exampleWithoutKey());
  const orderId: string = json.data.order.id;
  await api.get(`/api/v1/cases/${api.organization.caseId}/orders/${orderId}`);
  await api.get('/not/a/route');

  const answer = await api.send('GET', '/metrics');

  const order = '/api/v1/cases/:caseId/orders/:orderId';
  const series = 'rx_http_requests_total{method="GET",route=';
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=/);
  expect(valueOf(answer.text, `${series}"${order}",status="200"}`)).toBe(1);
  expect(valueOf(answer.text, `${series}"unknown",status="404"}`)).toBe(1);
  expect(answer.text).toContain('rx_http_request_duration_seconds_bucket{le="0.005"');
  expect(answer.text).toContain('process_cpu_user_seconds_total');
  for (const id of [orderId, api.organization.caseId, api.organization.organizationId]) {
    expect(answer.text).not.toContain(id);
  }
});

it('reports the depth of the outbox and the age of its oldest row', async () => {
  await api.place(exampleWithoutKey());
  await api.database`UPDATE outbox SET created_at = now() - interval '1 hour'`;

  const { text } = await api.send('GET', '/metrics');

  expect(valueOf(text, 'rx_outbox_depth')).toBe(await api.count('outbox'));
  expect(valueOf(text, 'rx_outbox_oldest_seconds')).toBeGreaterThanOrEqual(3_600);
});

it('counts orders with a step that has been failing for more than a minute', async () => {
  const delay = async (seconds: number) => {
    const { json } = await api.place(exampleWithoutKey());
    await api.database`
      UPDATE orders SET delay_code = 'PHARMACY_TIMEOUT', delay_attempts = 5, delay_next_at = now(),
        delay_since = now() - ${seconds}::int * interval '1 second'
      WHERE id = ${json.data.order.id as string}`;
  };
  await delay(61);
  await delay(3_600);
  await delay(30);

  const { text } = await api.send('GET', '/metrics');

  expect(valueOf(text, 'rx_orders_delayed')).toBe(2);
});

it('reports the other metrics while the database is unreachable', async () => {
  const metrics = createHttpMetrics(() => Promise.reject(new Error('unreachable')));

  const text = await metrics.text();

  expect(valueOf(text, 'rx_outbox_depth')).toBeNaN();
  expect(text).toContain('process_cpu_user_seconds_total');
});

it('reports deliveries by state, and the progress of the reconciler', async () => {
  const { organizationId } = api.organization;
  const endpointId = randomUUID();
  await api.database`
    INSERT INTO webhook_endpoints (id, organization_id, url, secret, status)
    VALUES (${endpointId}, ${organizationId}, 'https://hooks.example.com', 'whsec_', 'PAUSED')`;
  await api.database`
    INSERT INTO webhook_deliveries (id, organization_id, endpoint_id, event, status)
    SELECT gen_random_uuid(), ${organizationId}, ${endpointId}, 'PING', status
    FROM unnest(ARRAY['PENDING', 'DEAD', 'DEAD', 'DELIVERED']) AS status`;
  await api.database`
    UPDATE reconciliation SET swept_until = now() - interval '90 seconds', restarted = 3`;
  await api.database`
    INSERT INTO inbox (pharmacy_id, webhook_id, type, received_at)
    VALUES ('pharmacy-123', ${randomUUID()}, 'completed', now() - interval '2 hours')`;

  const { text } = await api.send('GET', '/metrics');

  expect(valueOf(text, 'rx_webhook_deliveries{state="pending"}')).toBe(1);
  expect(valueOf(text, 'rx_webhook_deliveries{state="dead"}')).toBe(2);
  expect(valueOf(text, 'rx_webhook_endpoints{state="paused"}')).toBe(1);
  expect(valueOf(text, 'rx_webhook_deliveries_overdue_seconds')).toBe(0); // its endpoint is paused
  expect(valueOf(text, 'rx_reconciler_lag_seconds')).toBeGreaterThanOrEqual(90);
  expect(valueOf(text, 'rx_reconciler_restarted_total')).toBe(3);
  expect(valueOf(text, 'rx_inbox_unmatched')).toBe(1);
});

describe('a flood of requests for the metrics and the state of the server', () => {
  let app: TestApp;
  let checks = 0;
  beforeAll(async () => {
    app = await startApp(api.asServer, {
      http: { metricsCacheMs: 60_000 },
      checkTemporal: async () => {
        checks += 1;
      },
    });
  });
  afterAll(() => app.close());

  it('checks the dependencies once, whoever requests it and when', async () => {
    const ready = () => sendTo(app.url, 'GET', '/readyz');
    const answers = await Promise.all(Array.from({ length: 100 }, ready));
    answers.push(await ready());

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(checks).toBe(1);
  });

  it('reads the backlogs once', async () => {
    const depth = async () =>
      valueOf((await sendTo(app.url, 'GET', '/metrics')).text, 'rx_outbox_depth');
    const depths = await Promise.all(Array.from({ length: 100 }, depth));
    await api.place(exampleWithoutKey());
    depths.push(await depth());

    expect(new Set(depths).size).toBe(1);
    expect(valueOf((await api.send('GET', '/metrics')).text, 'rx_outbox_depth')).toBe(
      Number(depths[0]) + 1,
    );
  });
});

it('METRICS_ADDRESS serves the metrics on a port of their own, and the public port has none', async () => {
  const app = await startApp(api.asServer, {
    http: { metricsAddress: { host: '127.0.0.1', port: 0 } },
  });
  const { fields } = app.log.lines.find(({ message }) => message === 'serving metrics')!;
  const get = async (url: string, path: string) => (await sendTo(url, 'GET', path)).status;
  const statuses = async (url: string) =>
    Promise.all(
      ['/metrics', '/readyz', '/healthz', '/docs', '/api/v1/orders'].map((path) => get(url, path)),
    );

  expect(await statuses(app.url)).toEqual([404, 200, 200, 200, 400]);
  expect(await statuses(String(fields.address))).toEqual([200, 200, 200, 404, 404]);
  await app.close();
  await expect(get(String(fields.address), '/healthz')).rejects.toThrow();
});
