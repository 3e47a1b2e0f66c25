import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOrderRow } from '../../../src/activities/order-row.ts';
import { readCase } from '../../../src/cases/read-case.ts';
import { createDocumentLinks } from '../../../src/documents/document-links.ts';
import { changeStatus } from '../../../src/orders/change-status.ts';
import { eraseOrder } from '../../../src/upkeep/erase-order.ts';
import {
  createKey,
  createOrganization,
  HASH_SECRET,
  PATIENT_ADDRESS,
  TESTER,
} from '../../support/organization.ts';
import { openedOrder } from '../../support/sealed-rows.ts';
import { storeDocument } from '../../support/stored-document.ts';
import {
  exampleWithKey,
  exampleWithoutKey,
  startTestApi,
  type TestApi,
} from '../../support/test-api.ts';

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
  key = await createKey(api.database, api.organization.organizationId, {
    scopes: ['cases:write'],
  });
});
afterAll(() => api.close());

const PATIENT = { firstName: 'Ana', lastName: 'Sample', dateOfBirth: '1990-02-28' };

function put(caseId: string, body: unknown) {
  return api.send('PUT', `/api/v1/cases/${caseId}`, {
    headers: { 'cv-api-key': key, 'content-type': 'application/json' },
    body,
  });
}

describe('a case', () => {
  it('is created, then replaced, and accepts orders', async () => {
    const caseId = `case-${randomUUID()}`;

    expect(await put(caseId, { patient: { ...PATIENT, address: PATIENT_ADDRESS } })).toMatchObject({
      status: 201,
      json: { status: 201, data: { case: { id: caseId } } },
    });
    expect(await put(caseId, { patient: { ...PATIENT, address: PATIENT_ADDRESS } })).toMatchObject({
      status: 200,
    });
    expect(await api.place(exampleWithoutKey(), { caseId })).toMatchObject({ status: 200 });
  });

  it('cannot be taken from another organization, and its id reveals nothing', async () => {
    const other = await createOrganization(api.database);
    const theirs = await api.place(exampleWithoutKey(), {
      headers: { 'cv-api-key': other.apiKey },
      caseId: other.caseId,
    });
    expect(theirs).toMatchObject({ status: 200 });
    const ours = { ...PATIENT, firstName: 'Ours', address: PATIENT_ADDRESS };
    expect(await api.place(exampleWithoutKey(), { caseId: other.caseId })).toMatchObject({
      status: 403,
    });

    // The answer for an id that another organization uses is the answer for a new one.
    expect(await put(other.caseId, { patient: ours })).toMatchObject({ status: 201 });
    expect(await put(other.caseId, { patient: ours })).toMatchObject({ status: 200 });
    const placed = await api.place(exampleWithoutKey(), { caseId: other.caseId });
    expect(placed).toMatchObject({ status: 200 });

    const { organizationId } = api.organization;
    for (const [owner, name, order] of [
      [organizationId, 'Ours', placed],
      [other.organizationId, 'Jane', theirs],
    ] as const) {
      const { patient } = await readCase(api.database, owner, other.caseId);
      expect(patient.firstName).toBe(name);
      const listed = await api.database`
        SELECT id FROM orders WHERE organization_id = ${owner} AND case_id = ${other.caseId}`;
      const orderId = order.json.data.order.id as string;
      expect(listed.map(({ id }) => id)).toEqual([orderId]);
      // The worker's role sees the cases of all organizations.
      expect((await readOrderRow(api.database, orderId)).patient?.firstName).toBe(name);
    }

    const orderId = theirs.json.data.order.id as string;
    await changeStatus(api.database, orderId, { to: 'CANCELLED', actor: 'system' });
    await eraseOrder(api.database, orderId, TESTER);
    expect((await readCase(api.database, organizationId, other.caseId)).patient.firstName).toBe(
      'Ours',
    );
  });

  it('with an order cannot be given to another organization, not even by its owner in SQL', async () => {
    const { caseId } = api.organization;
    const other = await createOrganization(api.database);
    await api.place(exampleWithoutKey());

    await expect(
      api.database`UPDATE cases SET organization_id = ${other.organizationId} WHERE id = ${caseId}`,
    ).rejects.toMatchObject({ code: '23503' });
  });

  it.each([
    ['{}', {}, 'patient is required'],
    ['no name', { patient: {} }, 'firstName or lastName is required'],
    [
      'blank names',
      { patient: { firstName: ' ', lastName: '\u200b' } },
      'firstName or lastName is required',
    ],
    [
      'an invalid date',
      { patient: { ...PATIENT, dateOfBirth: '1990-02-30' } },
      'dateOfBirth must be a date YYYY-MM-DD that exists in the calendar',
    ],
    [
      'a wrong address',
      { patient: { ...PATIENT, address: { ...PATIENT_ADDRESS, state: 'nv' } } },
      'state must be a valid US state abbreviation',
    ],
  ])('with %s is answered with 400', async (_what, body, error) => {
    expect(await put(randomUUID(), body)).toMatchObject({ status: 400, json: { error } });
  });

  it.each([
    ['a blank last name', { firstName: 'Suharto', lastName: '' }, { firstName: 'Suharto' }],
    ['no first name', { lastName: 'Madonna' }, { lastName: 'Madonna' }],
    ['a first name that is null', { firstName: null, lastName: 'Cher' }, { lastName: 'Cher' }],
    [
      'blank optional fields',
      { ...PATIENT, dateOfBirth: '', email: ' ', phoneNumber: '\u200b', address: '' },
      { firstName: 'Ana', lastName: 'Sample' },
    ],
  ])('with %s is stored without them, and accepts orders', async (_what, patient, stored) => {
    const caseId = `case-${randomUUID()}`;

    expect((await put(caseId, { patient })).status).toBe(201);
    const { organizationId } = api.organization;
    expect((await readCase(api.database, organizationId, caseId)).patient).toEqual(stored);
    const { json } = await api.place(exampleWithoutKey(), { caseId });
    const order = await openedOrder(api.database, json.data.order.id as string);
    expect(order.patient).toEqual(stored);
  });

  it('lists a missing name next to the other problems', async () => {
    const patient = { email: 'x', address: { ...PATIENT_ADDRESS, state: 'nv' } };

    expect((await put(randomUUID(), { patient })).json.errors).toEqual([
      { path: 'patient.firstName', message: 'firstName or lastName is required' },
      { path: 'patient.email', message: 'email must be a valid email address' },
      { path: 'patient.address.state', message: 'state must be a valid US state abbreviation' },
    ]);
  });

  it('is read after a byte order mark', async () => {
    const body = `\ufeff${JSON.stringify({ patient: PATIENT })}`;

    expect((await put(randomUUID(), body)).status).toBe(201);
  });

  it.each(['%20', 'a%2Fb', '%C3%A9', 'x'.repeat(256), '-a'])('refuses the id %s', async (id) => {
    expect(await put(id, { patient: PATIENT })).toMatchObject({
      status: 400,
      json: { errors: [{ path: 'caseId' }] },
    });
  });

  it('keeps the shipping address of accepted orders after a change', async () => {
    const caseId = randomUUID();
    await put(caseId, { patient: { ...PATIENT, address: PATIENT_ADDRESS } });
    const { shippingAddress: _, ...order } = exampleWithoutKey().order;
    const { json } = await api.place({ action: 'PLACE_ORDER', order }, { caseId });

    await put(caseId, { patient: { ...PATIENT, address: { ...PATIENT_ADDRESS, city: 'Elko' } } });
    await put(caseId, { patient: PATIENT });

    const { shippingAddress } = await openedOrder(api.database, json.data.order.id as string);
    expect(shippingAddress).toEqual(PATIENT_ADDRESS);
  });
});

describe('VALIDATE_ORDER', () => {
  const validate = (body: { order?: unknown; idempotencyKey?: unknown }, request = {}) =>
    api.place({ ...body, action: 'VALIDATE_ORDER' }, request);

  it('reports a valid order, stores nothing and uses no idempotency key', async () => {
    const body = exampleWithKey(randomUUID());
    const before = await api.count('orders');

    expect(await validate(body)).toMatchObject({
      status: 200,
      json: { status: 200, success: true, data: { valid: true } },
    });
    expect([await api.count('orders'), before]).toEqual([before, before]);
    expect(await api.place(body)).toMatchObject({ status: 200 });
  });

  it('answers errors exactly like PLACE_ORDER', async () => {
    const { shippingAddress: _, ...unaddressed } = exampleWithoutKey().order;
    const { order } = exampleWithoutKey();
    const cases: [object, object][] = [
      [{ order: {} }, {}],
      [{}, {}],
      [{ order: { ...order, prescriptionItems: [] } }, {}],
      [{ order, idempotencyKey: 'é' }, {}],
      [{ order }, { caseId: randomUUID() }],
      [{ order: unaddressed }, { caseId: api.organization.caseWithoutAddress }],
    ];
    for (const [body, request] of cases) {
      const placed = await api.place({ ...body, action: 'PLACE_ORDER' }, request);
      expect(placed.status).toBeGreaterThanOrEqual(400);
      expect((await validate(body, request)).text).toBe(placed.text);
    }
  });
});

describe('a signed link to a document', () => {
  it('is valid for 15 minutes, for its document, with its signature', async () => {
    const { json } = await api.place(exampleWithoutKey());
    const document = await storeDocument(api, json.data.order.id);
    const other = await storeDocument(api, json.data.order.id);
    const linkAt = (now: number) =>
      createDocumentLinks({ publicUrl: '', secrets: [HASH_SECRET], now: () => now }).create(
        document.id,
      );
    const status = async (link: string) => (await api.send('GET', link)).status;

    expect(await status(linkAt(Date.now() - 14 * 60_000))).toBe(200);
    expect(await status(linkAt(Date.now() - 15 * 60_000 - 1_000))).toBe(403);
    const link = linkAt(Date.now());
    expect(await status(link.replace(document.id, other.id))).toBe(403);
    expect(await status(link.replace(/expires=\d+/, 'expires=99999999999'))).toBe(403);
    expect(await status(link.replace(/signature=./, 'signature=z'))).toBe(403);
    expect(await status(link.replace(/&signature=.*/, ''))).toBe(400);
  });
});
