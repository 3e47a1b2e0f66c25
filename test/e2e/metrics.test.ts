import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from '../../sandbox/ports.ts';
import { eventually } from '../support/eventually.ts';
import { seriesOf, valueIn } from '../support/metrics.ts';
import { metricsIn, readDashboardQueries, readRules } from '../support/prometheus-rules.ts';
import { hasPrometheus, startPrometheus } from '../support/prometheus-server.ts';
import { startCodecServer, type TestProcess } from '../support/server-process.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let test: TestStack;
let codec: TestProcess;
let codecUrl: string;
beforeAll(async () => {
  test = await startTestStack();
  const { PORT } = await freePorts();
  const METRICS_ADDRESS = `127.0.0.1:${PORT}`;
  codec = await startCodecServer(test.stack, { METRICS_ADDRESS });
  codecUrl = `http://${METRICS_ADDRESS}/metrics`;
});
afterAll(async () => {
  await codec?.kill();
  await test?.close();
});

const page = async (url: string) => await (await fetch(url)).text();

it('the worker serves what its orders, pharmacies, deliveries and Temporal’s SDK did', async () => {
  const orderId = await test.place('pharmacy-123');
  await test.place('pharmacy-nobody-knows');
  expect((await test.end(orderId)).status).toBe('COMPLETED');

  const text = await eventually('the orders are counted', async () => {
    const now = await page(test.stack.workerMetricsUrl);
    // The workflow ends a moment after its order.
    return valueIn(now, 'temporal_workflow_completed_total') !== undefined &&
      valueIn(now, 'rx_order_end_seconds_count', { status: 'COMPLETED' }) === 1 &&
      valueIn(now, 'rx_order_step_failures_total', { code: 'PHARMACY_UNKNOWN' }) === 1
      ? now
      : undefined;
  });

  const value = (name: string, labels = {}) => valueIn(text, name, labels);
  const atPharmacy = { pharmacy: 'pharmacy-123' };
  expect(value('rx_pharmacy_calls_total', { ...atPharmacy, call: 'place', code: 'ok' })).toBe(1);
  expect(
    value('rx_pharmacy_call_duration_seconds_count', { ...atPharmacy, call: 'get' }),
  ).toBeGreaterThan(0);
  expect(value('rx_order_end_seconds_count', atPharmacy)).toBe(1);
  expect(value('rx_worker_alive')).toBe(1);
  expect(value('rx_temporal_answer_age_seconds')).toBeLessThan(60);
  expect(value('rx_figures_age_seconds')).toBeGreaterThan(0);
  expect(value('rx_postgres_pool_size')).toBe(10);
  // Of the SDK.
  expect(
    value('temporal_worker_task_slots_available', { worker_type: 'ActivityWorker' }),
  ).toBeGreaterThan(0);
  expect(value('temporal_workflow_task_schedule_to_start_latency_seconds_count')).toBeGreaterThan(
    0,
  );
  // Of Node.
  expect(value('nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
  const names = new Set(seriesOf(text).map(({ name }) => name));
  expect(text.match(/^# TYPE \S+/gm)?.length).toBe(new Set(text.match(/^# TYPE \S+/gm)).size);
  expect(names.size).toBeGreaterThan(50);
});

it('no page has an id of an order, a case or an organization', async () => {
  const pages = [`${test.stack.baseUrl}/metrics`, test.stack.workerMetricsUrl, codecUrl];
  const texts = await Promise.all(pages.map(page));

  for (const text of texts) {
    expect(text).toContain('process_cpu_user_seconds_total');
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/);
    expect(text).not.toContain('nobody-knows');
  }
});

it('the processes have every metric that a rule or a dashboard names', async () => {
  const pages = [`${test.stack.baseUrl}/metrics`, test.stack.workerMetricsUrl, codecUrl];
  const named = metricsIn([...readRules().map(({ expr }) => expr), ...readDashboardQueries()]);
  expect(named.length).toBeGreaterThan(20);
  // An activity that is not local comes a moment after its order.
  const missing = async () => {
    const text = (await Promise.all(pages.map(page))).join('\n');
    return named.filter((name) => !text.includes(`# TYPE ${name} `));
  };
  await eventually('all are there', async () => (await missing()).length === 0, 30_000).catch(
    () => undefined,
  );
  expect(await missing()).toEqual([]);
});

it('the codec server counts its answers', async () => {
  expect(valueIn(await page(codecUrl), 'process_start_time_seconds')).toBeGreaterThan(0);
});

it('a second process on the same address ends', async () => {
  const METRICS_ADDRESS = new URL(codecUrl).host;

  await expect(startCodecServer(test.stack, { METRICS_ADDRESS })).rejects.toThrow('1');
});

/** Queries that have no series while nothing of the kind happens, or until the figures are read again. */
const EMPTY =
  /rx_pharmacy_webhooks_total|rx_webhook_attempts_total|rx_key_calls_total|rx_orders_open|rx:pharmacy_failures/;

it.skipIf(!hasPrometheus)(
  'a Prometheus scrapes the processes, and every query of the dashboards has an answer',
  async () => {
    const prometheus = await startPrometheus({
      'rx-server': new URL(test.stack.baseUrl).host,
      'rx-worker': new URL(test.stack.workerMetricsUrl).host,
      'rx-codec': new URL(codecUrl).host,
    });
    try {
      const queries = [...readDashboardQueries(), 'sum(up{job=~"rx-.+"}) == 3'];
      expect(queries.length).toBeGreaterThan(30);
      await test.end(await test.place('pharmacy-123'));
      const unanswered = async () => {
        const counts = await Promise.all(queries.map((each) => prometheus.query(each)));
        return queries.filter((each, n) => counts[n] === 0 && !EMPTY.test(each));
      };
      await eventually('all have an answer', async () => (await unanswered()).length === 0).catch(
        () => undefined,
      );
      expect(await unanswered()).toEqual([]);
      const firing = 'ALERTS{alertstate="firing"}';
      expect(await prometheus.query(firing)).toBe(0);
    } finally {
      await prometheus.close();
    }
  },
);
