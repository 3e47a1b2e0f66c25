import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restrictPharmacy, setPharmacyActive } from '../../../src/pharmacy/registry.ts';
import { createOrganization, type TestOrganization } from '../../support/organization.ts';
import { createPharmacy } from '../../support/pharmacy.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
let other: TestOrganization;
let open: string;
let ours: string;
let theirs: string;
let nobodys: string;
let inactive: string;

beforeAll(async () => {
  api = await startTestApi();
  other = await createOrganization(api.database);
  const add = async () => (await createPharmacy(api.database)).id;
  [open, ours, theirs, nobodys, inactive] = [
    await add(),
    await add(),
    await add(),
    await add(),
    await add(),
  ];
  const both = [api.organization.organizationId, other.organizationId];
  await restrictPharmacy(api.database, ours, both);
  await restrictPharmacy(api.database, ours, [api.organization.organizationId]);
  await restrictPharmacy(api.database, theirs, [other.organizationId]);
  await restrictPharmacy(api.database, nobodys, []);
  await setPharmacyActive(api.database, inactive, false);
  await api.database`UPDATE pharmacies SET name = 'Main Street' WHERE id = ${open}`;
});
afterAll(() => api.close());

const list = async (query = '', apiKey = api.organization.apiKey) =>
  await api.get(`/api/v1/pharmacies${query}`, { 'cv-api-key': apiKey });

describe('GET /api/v1/pharmacies', () => {
  it('lists the pharmacies where the organization can order, by id', async () => {
    const { status, json } = await list();

    expect(status).toBe(200);
    const expected = [
      { id: open, name: 'Main Street', active: true },
      { id: ours, name: ours, active: true },
      { id: inactive, name: inactive, active: false },
    ];
    expect(json.data).toEqual({
      pharmacies: expected.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      nextCursor: null,
    });
    const ofOther = (await list('', other.apiKey)).json.data.pharmacies as { id: string }[];
    expect(ofOther.map(({ id }) => id).sort()).toEqual([open, theirs, inactive].sort());
  });

  it('has pages, and refuses the cursor of another list', async () => {
    const ids: string[] = [];
    let cursor: string | null = '';
    do {
      const { json } = await list(`?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      ids.push(...json.data.pharmacies.map(({ id }: { id: string }) => id));
      cursor = json.data.nextCursor;
    } while (cursor !== null);
    expect(ids).toEqual([open, ours, inactive].sort());

    for (const query of ['?cursor=x', '?limit=0', '?limit=201']) {
      expect((await list(query)).status).toBe(400);
    }
  });
});

describe('VALIDATE_ORDER', () => {
  const validate = async (pharmacyId: string) => {
    const { order } = exampleWithoutKey();
    return await api.place({ action: 'VALIDATE_ORDER', order: { ...order, pharmacyId } });
  };

  it.each<[what: string, id: () => string, code: string]>([
    ['an unknown pharmacy', () => `nobody-${randomUUID()}`, 'PHARMACY_UNKNOWN'],
    ['a pharmacy of others', () => theirs, 'PHARMACY_NOT_PERMITTED'],
    ['a pharmacy of nobody', () => nobodys, 'PHARMACY_NOT_PERMITTED'],
    ['a pharmacy that is switched off', () => inactive, 'PHARMACY_INACTIVE'],
  ])('warns of %s; the order is still accepted', async (_what, id, code) => {
    const pharmacyId = id();
    const { status, json } = await validate(pharmacyId);

    expect(status).toBe(200);
    expect(json.data).toEqual({
      valid: true,
      warnings: [{ field: 'pharmacyId', code, message: expect.stringMatching(/\.$/) }],
    });
    const { order } = exampleWithoutKey();
    const placed = await api.place({ action: 'PLACE_ORDER', order: { ...order, pharmacyId } });
    expect(placed.status).toBe(200);
  });

  it.each<[what: string, id: () => string]>([
    ['an open pharmacy', () => open],
    ['a pharmacy that is restricted to the organization', () => ours],
  ])('does not warn of %s', async (_what, id) => {
    expect((await validate(id())).json.data).toEqual({ valid: true, warnings: [] });
  });
});
