import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHttpMetrics } from '../../src/http/metrics.ts';
import { type Door, exampleWithoutKey, openDoor } from '../support/door.ts';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

/** The value of a series, by its exact name and labels. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

it('counts requests by the pattern of their route, and names nobody', async () => {
  const { json } = await door.place(exampleWithoutKey());
  const orderId: string = json.data.order.id;
  await door.get(`/api/v1/cases/${door.organization.caseId}/orders/${orderId}`);
  await door.get('/not/a/route');

  const answer = await door.send('GET', '/metrics');

  const order = '/api/v1/cases/:caseId/orders/:orderId';
  const series = 'rx_http_requests_total{method="GET",route=';
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=/);
  expect(valueOf(answer.text, `${series}"${order}",status="200"}`)).toBe(1);
  expect(valueOf(answer.text, `${series}"unknown",status="404"}`)).toBe(1);
  expect(answer.text).toContain('rx_http_request_duration_seconds_bucket{le="0.005"');
  expect(answer.text).toContain('process_cpu_user_seconds_total');
  for (const id of [orderId, door.organization.caseId, door.organization.organizationId]) {
    expect(answer.text).not.toContain(id);
  }
});

it('tells how much Temporal has not been told, and since when', async () => {
  await door.place(exampleWithoutKey());
  await door.database`UPDATE outbox SET created_at = now() - interval '1 hour'`;

  const { text } = await door.send('GET', '/metrics');

  expect(valueOf(text, 'rx_outbox_depth')).toBe(await door.count('outbox'));
  expect(valueOf(text, 'rx_outbox_oldest_seconds')).toBeGreaterThanOrEqual(3_600);
});

it('tells all else while the database is away', async () => {
  const metrics = createHttpMetrics(() => Promise.reject(new Error('away')));

  const text = await metrics.text();

  expect(valueOf(text, 'rx_outbox_depth')).toBeNaN();
  expect(text).toContain('process_cpu_user_seconds_total');
});
