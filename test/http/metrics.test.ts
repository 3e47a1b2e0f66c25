import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/storage/database.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { createPharmacy, type TestPharmacy } from '../support/pharmacy.ts';
import { startStatementCounter } from '../support/statement-counter.ts';
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

it('counts webhooks by pharmacy and authenticity; invented pharmacies share a label', async () => {
  const pharmacy = await createPharmacy(api.database);
  const forger = await createPharmacy(api.database);
  const body = JSON.stringify({ type: 'order.completed', data: { id: 'x', reference: 'y' } });
  const send = (to: string, by: TestPharmacy) =>
    api.send('POST', `/webhooks/pharmacies/${to}`, { headers: by.sign(body), body });
  await send(pharmacy.id, pharmacy);
  await send(pharmacy.id, forger);
  await send(pharmacy.id, forger);
  await send('an-invented-id', forger);

  const { text } = await api.send('GET', '/metrics');

  const webhooks = (id: string, result: string) =>
    valueOf(text, `rx_pharmacy_webhooks_total{pharmacy="${id}",result="${result}"}`);
  expect(webhooks(pharmacy.id, 'authentic')).toBe(1);
  expect(webhooks(pharmacy.id, 'unverified')).toBe(2);
  expect(webhooks('unknown', 'unverified')).toBe(1);
  expect(text).not.toContain('an-invented-id');
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
});

it('reads nothing from Postgres for the metrics, and shows how busy its pool is', async () => {
  const counter = await startStatementCounter(api.databaseUrl);
  const database = openDatabase(counter.through(api.databaseUrl), 2);
  const app = await startApp(database);
  await database`SELECT 1`;
  counter.take();

  const { text } = await sendTo(app.url, 'GET', '/metrics');

  // The server may begin to listen for changes only now.
  const statements = [...counter.take()].filter(([statement]) => !statement.startsWith('listen '));
  expect(statements).toEqual([]);
  expect(valueOf(text, 'rx_postgres_pool_size')).toBe(2);
  expect(valueOf(text, 'rx_postgres_pool_calls')).toBe(0);
  await app.close();
  await database.end();
  await counter.close();
});

it('says that METRICS_ADDRESS is taken, and what to do', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;

  const started = startApp(api.asServer, {
    http: { metricsAddress: { host: '127.0.0.1', port } },
  });

  await expect(started).rejects.toThrow(/^METRICS_ADDRESS is taken: each process .* its own/);
  taken.close();
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
