import { afterAll, beforeAll, expect, it } from 'vitest';
import { readOrder } from '../../../src/orders/read-order.ts';
import { exampleText } from '../../support/example.ts';
import { PATIENT_ADDRESS } from '../../support/organization.ts';
import { openedOrder } from '../../support/sealed-rows.ts';
import {
  exampleWithKey,
  exampleWithoutKey,
  startTestApi,
  type TestApi,
} from '../../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const ACCEPTED =
  /^\{"status":200,"success":true,"message":"Order created successfully","data":\{"order":\{"id":"([0-9a-f-]{36})"\}\}\}$/;

/** Checks the bytes of a 200 and returns the order's id. */
function acceptedId({ status, text }: { status: number; text: string }): string {
  expect(text).toMatch(ACCEPTED);
  expect(status).toBe(200);
  return ACCEPTED.exec(text)![1]!;
}

async function storedOrder(id: string) {
  const [row] = await api.database`SELECT * FROM orders WHERE id = ${id}`;
  return row!;
}

it('answers the published example with the published body', async () => {
  const answer = await api.place(exampleText());

  acceptedId(answer);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
});

it('stores the order, its timeline and its outbox row before it answers', async () => {
  const { organization, database } = api;

  const id = acceptedId(await api.place(exampleWithKey('stored')));

  const { organizationId, caseId } = organization;
  const order = { organizationId, caseId, pharmacyId: 'pharmacy-123', status: 'ACCEPTED' };
  expect(await storedOrder(id)).toMatchObject(order);
  const { prescription } = await openedOrder(database, id);
  expect(prescription).toEqual(exampleWithKey('stored').order);
  const shown = await readOrder(database, { organizationId, orderId: id });
  expect(shown.idempotencyKey).toBe('stored');
  const activity = await database`SELECT * FROM order_activity WHERE order_id = ${id}`;
  expect(activity).toMatchObject([{ actor: 'api', event: 'ORDER_ACCEPTED', toStatus: 'ACCEPTED' }]);
  const outbox = await database`SELECT kind FROM outbox WHERE order_id = ${id}`;
  expect(outbox.map(({ kind }) => kind)).toEqual(['start']);
});

it('creates two orders from two requests without a key', async () => {
  const first = acceptedId(await api.place(exampleWithoutKey()));
  const second = acceptedId(await api.place({ ...exampleWithoutKey(), idempotencyKey: null }));

  expect(first).not.toBe(second);
  const keys = { idempotencyKey: null, idempotencyHash: null };
  expect(await storedOrder(first)).toMatchObject(keys);
  expect(await storedOrder(second)).toMatchObject(keys);
});

it('passes customFields on unchanged, whatever their names and values', async () => {
  const text = String.raw`{"b":"  kept  ","a":null,"":[],"nested":{"x":[1,[2,{"y":null}]],"z":-0.5},
    "emoji":"💊","escape":"\u0000\ud800","constructor":{"prototype":1},"__proto__":{"polluted":"yes"}}`;
  const body = exampleWithKey('custom-fields');
  const request = JSON.stringify({
    ...body,
    order: {
      ...body.order,
      prescriptionItems: [{ ...body.order.prescriptionItems[0], customFields: 'HERE' }],
    },
  }).replace('"HERE"', text);

  const id = acceptedId(await api.place(request));

  const { prescription } = await openedOrder(api.database, id);
  expect(JSON.stringify(prescription)).toContain(
    `"customFields":${JSON.stringify(JSON.parse(text))}`,
  );
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

it('stores only known fields, the country in upper case, and treats null as absent', async () => {
  const body = exampleWithoutKey();
  const { address } = body.order.prescriber;
  const prescriber = {
    ...body.order.prescriber,
    dea: null,
    nickname: 'Jo',
    address: { ...address, country: 'us' },
  };

  const id = acceptedId(
    await api.place({
      ...body,
      extra: 1,
      order: { ...body.order, prescriber, patientHealthInfo: null },
    }),
  );

  const { patientHealthInfo: _, ...rest } = body.order;
  expect((await openedOrder(api.database, id)).prescription).toEqual(rest);
});

it('uses the address of the case if the order has none', async () => {
  const { shippingAddress: _, ...order } = exampleWithoutKey().order;

  const id = acceptedId(await api.place({ ...exampleWithoutKey(), order }));

  const { prescription, shippingAddress } = await openedOrder(api.database, id);
  expect(prescription).not.toHaveProperty('shippingAddress');
  expect(shippingAddress).toEqual(PATIENT_ADDRESS);
});

it('accepts an order for an unknown pharmacy', async () => {
  const body = exampleWithoutKey();

  acceptedId(
    await api.place({ ...body, order: { ...body.order, pharmacyId: 'no-such-pharmacy' } }),
  );
});

it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset=UTF-8'])(
  'accepts the content type %s',
  async (contentType) => {
    acceptedId(await api.place(exampleWithoutKey(), { headers: { 'content-type': contentType } }));
  },
);

it('accepts a body of exactly 1 MiB', async () => {
  const body = exampleWithoutKey();
  const fill = 1024 * 1024 - Buffer.byteLength(JSON.stringify({ ...body, fill: '' }));

  acceptedId(await api.place({ ...body, fill: 'x'.repeat(fill) }));
});
