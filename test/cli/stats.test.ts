import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { urlOfRole } from '../../sandbox/database-url.ts';
import { ageRows } from '../support/age-rows.ts';
import { createRx, type Rx } from '../support/cli.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../support/test-api.ts';

let api: TestApi;
let rx: Rx;
beforeAll(async () => {
  api = await startTestApi();
  rx = createRx(urlOfRole(api.databaseUrl, 'operator'));
  const place = async (count: number) => {
    for (let n = 0; n < count; n += 1) await api.place(exampleWithoutKey());
  };
  await place(3);
  await ageRows(api.asSuperuser, 40);
  await api.database`UPDATE orders SET created_at = now() - interval '40 days'`;
  await api.asSuperuser`ALTER TABLE order_activity DISABLE TRIGGER USER`;
  await api.database`UPDATE order_activity SET at = now() - interval '40 days'`;
  await place(2);
  await api.database`UPDATE pruning SET days = 30, pruned = 7 WHERE subject = 'events'`;
  await api.asSuperuser`VACUUM ANALYZE`;
});
afterAll(() => api.close());

const env = () => ({ TEMPORAL_ADDRESS: inject('temporal').address });

it('shows sizes, growth by day, what is pruned, and Temporal, with the rights of operators', async () => {
  const { code, json, stderr } = await rx(['stats', '--json'], { env: env() });
  expect(code, stderr).toBe(0);
  const { postgres, documents, temporal, retention } = json.stats;
  const of = (name: string) =>
    postgres.tables.find(({ table }: { table: string }) => table === name);
  expect(of('orders')).toMatchObject({ rows: 5, rowsADay: 2, oldest: expect.any(String) });
  expect(of('order_activity')).toMatchObject({ rows: 5, rowsADay: 2 });
  expect(of('audit_log').rowsADay).toBe(of('audit_log').rows);
  expect(of('webhook_attempts')).toMatchObject({ rows: 0, rowsADay: 0, oldest: null });
  expect(of('cases').rowsADay).toBeNull();
  expect(postgres.bytesPerOrder).toBe(Math.round(postgres.bytes / 5));
  expect(documents).toEqual({ count: 0, bytes: 0 });
  expect(temporal).toEqual({
    open: expect.any(Number),
    closed: expect.any(Number),
    retentionDays: expect.any(Number),
  });
  const events = retention.find(({ table }: { table: string }) => table === 'events');
  expect(events).toMatchObject({ days: 30, pruned: 7, sweptAt: null, nextAt: expect.any(String) });
  expect(retention.filter(({ days }: { days: number | null }) => days === null)).toHaveLength(3);
});

it('prints tables that fit 100 columns, also without an answer of Temporal', async () => {
  const { code, stdout } = await rx(['stats'], { env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^TABLE +ROWS +SIZE +PER ORDER +ROWS\/DAY +SIZE\/DAY +OLDEST$/m);
  expect(stdout).toMatch(/^temporal +no figures: /m);
  expect(stdout).toMatch(/^events +30 days/m);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
});
