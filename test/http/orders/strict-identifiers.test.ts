import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOrganization } from '../../support/organization.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.database`
    UPDATE organizations SET strict_identifiers = true
    WHERE id = ${api.organization.organizationId}`;
});
afterAll(() => api.close());

function withPrescriber(changes: object) {
  const body = exampleWithoutKey();
  return {
    ...body,
    order: { ...body.order, prescriber: { ...body.order.prescriber, ...changes } },
  };
}

const VALID = { npi: '1234567893', dea: 'AB1234563', phoneNumber: '+1 (415) 555-2671' };

it('accepts the published example without strict mode', async () => {
  const other = await createOrganization(api.database);
  const request = { caseId: other.caseId, headers: { 'cv-api-key': other.apiKey } };

  expect(await api.place(exampleWithoutKey(), request)).toMatchObject({ status: 200 });
});

it.each([
  ['npi', { ...VALID, npi: '1234567890' }],
  ['dea', { ...VALID, dea: 'AB1234560' }],
  ['phoneNumber', { ...VALID, phoneNumber: '+1234567890' }],
])(
  'refuses a wrong %s by its name, for PLACE_ORDER and for VALIDATE_ORDER',
  async (field, prescriber) => {
    const body = withPrescriber(prescriber);

    const placed = await api.place(body);
    const validated = await api.place({ ...body, action: 'VALIDATE_ORDER' });

    expect(placed.status).toBe(400);
    expect(placed.json.errors).toEqual([
      { path: `order.prescriber.${field}`, message: expect.stringMatching(`^${field} `) },
    ]);
    expect(validated.text).toBe(placed.text);
  },
);

it('accepts an order with valid identifiers', async () => {
  expect(await api.place(withPrescriber(VALID))).toMatchObject({ status: 200 });
});

it('reports an identifier before a forbidden case', async () => {
  const elsewhere = { caseId: 'another-case' };

  expect(await api.place(exampleWithoutKey(), elsewhere)).toMatchObject({ status: 400 });
  expect(await api.place(withPrescriber(VALID), elsewhere)).toMatchObject({ status: 403 });
});
