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

const RIGHT = { npi: '1234567893', dea: 'AB1234563', phoneNumber: '+1 (415) 555-2671' };

it('lets the published example pass where nobody asked for more', async () => {
  const other = await createOrganization(api.database);
  const request = { caseId: other.caseId, headers: { 'cv-api-key': other.apiKey } };

  expect(await api.place(exampleWithoutKey(), request)).toMatchObject({ status: 200 });
});

it.each([
  ['npi', { ...RIGHT, npi: '1234567890' }],
  ['dea', { ...RIGHT, dea: 'AB1234560' }],
  ['phoneNumber', { ...RIGHT, phoneNumber: '+1234567890' }],
])(
  'refuses a wrong %s by its name, when placing and when asking only',
  async (field, prescriber) => {
    const body = withPrescriber(prescriber);

    const placed = await api.place(body);
    const asked = await api.place({ ...body, action: 'VALIDATE_ORDER' });

    expect(placed.status).toBe(400);
    expect(placed.json.errors).toEqual([
      { path: `order.prescriber.${field}`, message: expect.stringMatching(`^${field} `) },
    ]);
    expect(asked.text).toBe(placed.text);
  },
);

it('takes an order whose identifiers are right', async () => {
  expect(await api.place(withPrescriber(RIGHT))).toMatchObject({ status: 200 });
});

it('tells of an identifier before a case that is not permitted', async () => {
  const elsewhere = { caseId: 'another-case' };

  expect(await api.place(exampleWithoutKey(), elsewhere)).toMatchObject({ status: 400 });
  expect(await api.place(withPrescriber(RIGHT), elsewhere)).toMatchObject({ status: 403 });
});
