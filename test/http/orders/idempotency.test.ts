import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleText } from '../../support/example.ts';
import { createOrganization } from '../../support/organization.ts';
import { ordersOfKey } from '../../support/sealed-rows.ts';
import { exampleWithKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const USED =
  '{"status":409,"success":false,"code":"IDEMPOTENCY_ERROR","description":"A record with the provided idempotencyKey already exists for this organization."}';

function withDiagnosis(key: string, diagnosis: string) {
  const body = exampleWithKey(key);
  return { ...body, order: { ...body.order, diagnosis } };
}

const ordersOf = (key: string) => ordersOfKey(api.database, key);

describe('a used key', () => {
  it('gets the published 409, byte for byte, and the Location of its order', async () => {
    const first = await api.place(exampleText());
    const second = await api.place(exampleText());

    expect(second.status).toBe(409);
    expect(second.text).toBe(USED);
    expect(second.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(second.headers.get('idempotency-match')).toBe('same');
    expect(second.headers.get('location')).toBe(
      `/api/v1/cases/${api.organization.caseId}/orders/${first.json.data.order.id}`,
    );
    expect(await api.get(second.headers.get('location')!)).toMatchObject({ status: 200 });
  });

  it('gets the same 409 for another payload, without a Location', async () => {
    await api.place(withDiagnosis('other-payload', 'Hypertension'));

    const second = await api.place(withDiagnosis('other-payload', 'Asthma'));

    expect(second.text).toBe(USED);
    expect(second.headers.get('idempotency-match')).toBe('different');
    expect(second.headers.has('location')).toBe(false);
  });

  it('treats the same order for another case as another payload', async () => {
    await api.place(exampleWithKey('other-case'));

    const second = await api.place(exampleWithKey('other-case'), {
      caseId: api.organization.caseWithoutAddress,
    });

    expect(second.text).toBe(USED);
    expect(second.headers.get('idempotency-match')).toBe('different');
    expect(second.headers.has('location')).toBe(false);
  });

  it('ignores the order of fields, unknown fields and null when it compares payloads', async () => {
    const body = exampleWithKey('same-payload');
    const reversed = JSON.parse(JSON.stringify(body), (_key, value) =>
      typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value as object).reverse())
        : value,
    ) as typeof body;
    await api.place(body);

    const second = await api.place({
      unknown: true,
      ...reversed,
      order: { ...reversed.order, dateSigned: null, unknown: { a: 1 } },
    });

    expect(second.text).toBe(USED);
    expect(second.headers.get('idempotency-match')).toBe('same');
  });

  it('treats other customFields as another payload', async () => {
    const withFields = (customFields: object) => {
      const body = exampleWithKey('custom-fields');
      const prescriptionItems = [{ ...body.order.prescriptionItems[0], customFields }];
      return { ...body, order: { ...body.order, prescriptionItems } };
    };
    await api.place(withFields({ a: [1, 2], b: null }));

    const reordered = await api.place(withFields({ b: null, a: [1, 2] }));
    const changed = await api.place(withFields({ a: [2, 1], b: null }));

    expect(reordered.headers.get('idempotency-match')).toBe('same');
    expect(changed.headers.get('idempotency-match')).toBe('different');
  });

  it('is compared byte for byte', async () => {
    const keys = ['Key', 'key', ' key', 'key ', 'k~!"\\'];

    for (const key of keys) {
      expect(await api.place(exampleWithKey(key))).toMatchObject({ status: 200 });
    }
    expect(await api.place(exampleWithKey('key '))).toMatchObject({ status: 409 });
  });

  it('stays free in every other organization', async () => {
    const other = await createOrganization(api.database);
    await api.place(exampleWithKey('two-organizations'));

    const inOther = await api.place(exampleWithKey('two-organizations'), {
      caseId: other.caseId,
      headers: { 'cv-api-key': other.apiKey },
    });

    expect(inOther.status).toBe(200);
    expect(await ordersOf('two-organizations')).toHaveLength(2);
  });

  it('creates one order from fifty equal concurrent requests', async () => {
    const key = randomUUID();

    const answers = await Promise.all(
      Array.from({ length: 50 }, () => api.place(exampleWithKey(key))),
    );

    const accepted = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 409);
    expect([accepted.length, refused.length]).toEqual([1, 49]);
    expect(new Set(refused.map(({ text }) => text))).toEqual(new Set([USED]));
    const [id, ...more] = await ordersOf(key);
    expect(more).toEqual([]);
    expect(accepted[0]!.json.data.order.id).toBe(id);
    const locations = new Set(refused.map(({ headers }) => headers.get('location')));
    expect([...locations]).toEqual([`/api/v1/cases/${api.organization.caseId}/orders/${id}`]);
    const outbox = await api.database`SELECT FROM outbox WHERE order_id = ${id!}`;
    const activity = await api.database`SELECT FROM order_activity WHERE order_id = ${id!}`;
    expect([outbox.length, activity.length]).toEqual([1, 1]);
  });
});

describe('the replay mode', () => {
  const REPLAY = { headers: { 'idempotency-mode': 'replay' } };

  it('returns the first answer again for the same payload', async () => {
    const first = await api.place(exampleWithKey('replayed'), REPLAY);
    const second = await api.place(exampleWithKey('replayed'), REPLAY);

    expect(first.headers.has('idempotency-replayed')).toBe(false);
    expect(second.status).toBe(200);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await ordersOf('replayed')).toHaveLength(1);
  });

  it('returns the 409 for another payload', async () => {
    await api.place(withDiagnosis('not-replayed', 'Hypertension'), REPLAY);

    const second = await api.place(withDiagnosis('not-replayed', 'Asthma'), REPLAY);

    expect(second.status).toBe(409);
    expect(second.text).toBe(USED);
    expect(second.headers.get('idempotency-match')).toBe('different');
    expect(second.headers.has('idempotency-replayed')).toBe(false);
  });

  it('requires exactly the value “replay”', async () => {
    await api.place(exampleWithKey('other-mode'));

    const second = await api.place(exampleWithKey('other-mode'), {
      headers: { 'idempotency-mode': 'strict' },
    });

    expect(second.text).toBe(USED);
  });
});

describe('a refused request leaves its key free', () => {
  it.each([
    ['400', 'invalid', {}, 400],
    ['401', 'valid', { headers: { 'cv-api-key': 'no such key' } }, 401],
    ['403', 'valid', { caseId: 'no such case' }, 403],
    ['415', 'valid', { headers: { 'content-type': 'text/plain' } }, 415],
  ] as const)('after a %s', async (_status, payload, request, status) => {
    const key = randomUUID();
    const body = payload === 'valid' ? exampleWithKey(key) : withDiagnosis(key, ' ');

    expect((await api.place(body, request)).status).toBe(status);
    expect(await ordersOf(key)).toEqual([]);
    expect((await api.place(exampleWithKey(key))).status).toBe(200);
  });

  it('after a 400 for a missing shipping address', async () => {
    const key = randomUUID();
    const { shippingAddress: _, ...order } = exampleWithKey(key).order;
    const request = { caseId: api.organization.caseWithoutAddress };

    const refused = await api.place({ ...exampleWithKey(key), order }, request);

    expect(refused.status).toBe(400);
    expect((await api.place(exampleWithKey(key), request)).status).toBe(200);
  });
});
