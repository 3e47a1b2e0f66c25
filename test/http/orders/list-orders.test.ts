import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrganization } from '../../support/organization.ts';
import {
  exampleWithKey,
  exampleWithoutKey,
  startTestApi,
  type TestApi,
} from '../../support/test-api.ts';

let api: TestApi;
/** The oldest first. */
const placed: string[] = [];
beforeAll(async () => {
  api = await startTestApi();
  for (let n = 0; n < 23; n += 1)
    placed.push(await place(n % 2 === 0 ? 'pharmacy-a' : 'pharmacy-b'));
});
afterAll(() => api.close());

async function place(pharmacyId: string, caseId = api.organization.caseId): Promise<string> {
  const body = exampleWithoutKey();
  const answer = await api.place({ ...body, order: { ...body.order, pharmacyId } }, { caseId });
  return answer.json.data.order.id;
}

async function walk(path: string, between: () => Promise<unknown> = async () => {}) {
  const ids: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const answer = await api.get(`${path}${more}`);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json.data)).toEqual(['orders', 'nextCursor']);
    ids.push(...answer.json.data.orders.map(({ id }: { id: string }) => id));
    cursor = answer.json.data.nextCursor;
    await between();
  }
  return ids;
}

describe('a list of orders', () => {
  it.each([1, 4, 22, 23, 24])(
    'with pages of %d returns each order once, newest first',
    async (n) => {
      expect(await walk(`/api/v1/orders?limit=${n}`)).toEqual(placed.toReversed());
      expect(await walk(`/api/v1/cases/${api.organization.caseId}/orders?limit=${n}`)).toEqual(
        placed.toReversed(),
      );
    },
  );

  it('neither repeats nor hides an order while others arrive and change', async () => {
    const other = await createOrganization(api.database);
    const door2 = { caseId: other.caseId, headers: { 'cv-api-key': other.apiKey } };
    const before = [...placed];
    const seen = await walk('/api/v1/orders?limit=3', async () => {
      placed.push(await place('pharmacy-a'));
      await api.place(exampleWithoutKey(), door2);
      await api.database`
        UPDATE orders SET status = 'PLACING', updated_at = now() WHERE id = ${before[5]!}`;
    });

    expect(seen).toEqual(before.toReversed());
  });

  it('is filtered by status, pharmacy and time, alone and combined', async () => {
    await api.database`UPDATE orders SET status = 'REJECTED' WHERE id = ${placed[2]!}`;
    await api.database`UPDATE orders SET created_at = '2020-02-01T00:00:00Z' WHERE id = ${placed[0]!}`;

    expect(await walk('/api/v1/orders?status=REJECTED')).toEqual([placed[2]]);
    expect(await walk('/api/v1/orders?status=REJECTED&pharmacyId=pharmacy-b')).toEqual([]);
    expect(await walk('/api/v1/orders?createdBefore=2020-02-02')).toEqual([placed[0]]);
    expect(await walk('/api/v1/orders?createdBefore=2020-02-01')).toEqual([]);
    expect(
      await walk(
        '/api/v1/orders?createdAfter=2020-02-01&createdBefore=2020-02-01T00:00:01%2B00:00',
      ),
    ).toEqual([placed[0]]);
    const ofB = await walk('/api/v1/orders?pharmacyId=pharmacy-b&limit=5');
    expect(ofB).toHaveLength(11);
  });

  it('shows the fields of an order, without its documents', async () => {
    const { json } = await api.get('/api/v1/orders?limit=1');

    expect(json.data.orders[0]).toEqual({
      id: placed.at(-1),
      caseId: api.organization.caseId,
      status: 'ACCEPTED',
      pharmacyId: 'pharmacy-a',
      pharmacyOrderId: null,
      idempotencyKey: null,
      createdAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      updatedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
    });
  });

  it.each([
    ['limit=0', 'limit must be an integer from 1 to 200'],
    ['limit=201', 'limit must be an integer from 1 to 200'],
    ['limit=ten', 'limit must be an integer from 1 to 200'],
    ['limit=1&limit=2', 'limit must be a string'],
    ['status=DONE', /^status must be one of ACCEPTED, /],
    ['createdAfter=yesterday', /^createdAfter must be an ISO 8601 date/],
    [
      'createdAfter=2024-01-01T00:00',
      /^createdAfter must be a date, or a date-time with its offset/,
    ],
    ['createdBefore=9999-12-31T23:59:59-23:00', 'createdBefore must be in the years 1 to 9999'],
    ['createdAfter=0001-01-01T00:00:00%2B23:00', 'createdAfter must be in the years 1 to 9999'],
    ['pharmacyId=%00', 'pharmacyId must not contain the NUL character'],
    ['cursor=x', 'cursor must be a nextCursor of this list'],
  ])('refuses %s', async (query, error) => {
    const answer = await api.get(`/api/v1/orders?${query}`);

    expect(answer.status).toBe(400);
    expect(answer.json.error).toEqual(
      typeof error === 'string' ? error : expect.stringMatching(error),
    );
  });

  it.each([
    ['month 99', ['orders', '2026-99-01T00:00:00.000000Z', randomUUID()]],
    ['a time out of range', ['orders', '9'.repeat(17), randomUUID()]],
    ['another list’s', ['orders of x', '1', randomUUID()]],
    ['too few keys', ['orders', '1']],
    ['no array', 'orders'],
  ])('never fails for a forged cursor: %s', async (_what, value) => {
    const cursor = Buffer.from(JSON.stringify(value)).toString('base64url');
    const answer = await api.get(`/api/v1/orders?cursor=${cursor}`);

    expect([200, 400]).toContain(answer.status);
  });

  it('refuses a cursor of another list', async () => {
    const { json } = await api.get('/api/v1/orders?limit=1');
    const path = `/api/v1/cases/${api.organization.caseId}/orders`;

    expect(await api.get(`${path}?cursor=${json.data.nextCursor}`)).toMatchObject({
      status: 400,
      json: { error: 'cursor must be a nextCursor of this list' },
    });
  });

  it('answers 403 for a case of another organization, as for an unknown case', async () => {
    const other = await createOrganization(api.database);
    const theirs = await api.get(`/api/v1/cases/${other.caseId}/orders`);
    const nobodys = await api.get(`/api/v1/cases/${randomUUID()}/orders`);

    expect(theirs.status).toBe(403);
    expect(theirs.text).toBe(nobodys.text);
  });
});

describe('the order of an idempotency key', () => {
  const find = (key: string, headers = {}) =>
    api.get('/api/v1/orders/by-idempotency-key', { 'idempotency-key': key, ...headers });

  it('is found by the organization that used it only', async () => {
    const key = randomUUID();
    const { json } = await api.place(exampleWithKey(key));
    const other = await createOrganization(api.database);

    expect((await find(key)).json.data.order).toMatchObject({
      id: json.data.order.id,
      idempotencyKey: key,
    });
    expect((await find(key, { 'cv-api-key': other.apiKey })).status).toBe(404);
    expect(await find(randomUUID())).toMatchObject({
      status: 404,
      json: { error: 'order not found' },
    });
  });

  it('needs the key, in the header', async () => {
    expect(await api.get('/api/v1/orders/by-idempotency-key')).toMatchObject({
      status: 400,
      json: { error: 'Idempotency-Key is required' },
    });
    expect(await find('x'.repeat(256))).toMatchObject({ status: 400 });
  });
});

describe('the timeline of an order', () => {
  it('comes in pages, oldest change first', async () => {
    const orderId = await place('pharmacy-a');
    await api.database`
      INSERT INTO order_activity (order_id, actor, event, from_status, to_status)
      SELECT ${orderId}, 'system', 'STATUS_CHANGED', 'ACCEPTED', 'PLACING'
      FROM generate_series(1, 4)`;
    const path = `/api/v1/cases/${api.organization.caseId}/orders/${orderId}/activity`;
    const first = await api.get(`${path}?limit=3`);
    const second = await api.get(`${path}?limit=3&cursor=${first.json.data.nextCursor}`);

    expect(first.json.data.activity[0]).toEqual({
      id: expect.stringMatching(/^\d+$/),
      at: expect.any(String),
      actor: 'api',
      event: 'ORDER_ACCEPTED',
      toStatus: 'ACCEPTED',
    });
    const ids = [...first.json.data.activity, ...second.json.data.activity].map(({ id }) => +id);
    expect(ids).toHaveLength(5);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(second.json.data.nextCursor).toBeNull();
  });
});
