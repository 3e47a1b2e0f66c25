import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexEmails } from '../../../src/cases/index-emails.ts';
import { PUBLIC_URL } from '../../support/app.ts';
import {
  createKey,
  createOrganization,
  HASH_SECRET,
  PATIENT_ADDRESS,
} from '../../support/organization.ts';
import { storeDocument } from '../../support/stored-document.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
  key = await writeKey(api.organization.organizationId);
});
afterAll(() => api.close());

const PATIENT = { firstName: 'Ana', lastName: 'Sample', dateOfBirth: '1990-02-28' };

function writeKey(organizationId: string): Promise<string> {
  return createKey(api.database, organizationId, { scopes: ['cases:write'] });
}

function put(caseId: string, body: unknown, apiKey = key) {
  return api.send('PUT', `/api/v1/cases/${caseId}`, {
    headers: { 'cv-api-key': apiKey, 'content-type': 'application/json' },
    body,
  });
}

describe('the case read of the original API', () => {
  const detail = (query: string) => api.get(`/api/v1/customer-case-detail?${query}`);
  let caseId: string;
  let orderId: string;
  beforeAll(async () => {
    caseId = randomUUID();
    await put(caseId, { patient: { ...PATIENT, address: PATIENT_ADDRESS } });
    orderId = (await api.place(exampleWithoutKey(), { caseId })).json.data.order.id;
  });

  it('has its own envelope, with only the requested parts', async () => {
    const { status, json } = await detail(`caseId=${caseId}`);

    expect(status).toBe(200);
    expect(Object.keys(json)).toEqual(['status', 'success', 'caseDetail']);
    expect(json.caseDetail).toEqual({
      id: caseId,
      status: 'ACCEPTED',
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
  });

  it('returns orders, and attachments as signed links that need no key', async () => {
    const { id, bytes, sha256 } = await storeDocument(api, orderId, { name: 'Rx "1".pdf' });
    const { json } = await detail(`caseId=${caseId}&includeOrders=true&includeAttachments=true`);
    const [attachment] = json.caseDetail.attachments;

    expect(json.caseDetail.orders).toEqual([
      {
        id: orderId,
        status: 'ACCEPTED',
        trackingId: null,
        message: null,
        createdAt: expect.any(String),
      },
    ]);
    expect(attachment).toMatchObject({ id, fileName: 'Rx "1".pdf', isPHI: true, sha256 });
    expect(attachment.url.startsWith(`${PUBLIC_URL}/documents/${id}?expires=`)).toBe(true);
    const response = await fetch(attachment.url.replace(PUBLIC_URL, api.app.url));
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('returns documents in base64, and those over 8 MiB as links', async () => {
    const large = await storeDocument(api, orderId, { bytes: randomBytes(8 * 1024 * 1024 + 1) });
    const small = await storeDocument(api, orderId);
    const { json } = await detail(`caseId=${caseId}&includeAttachments=true&documentFormat=base64`);
    const attachments = json.caseDetail.attachments as {
      id: string;
      content?: string;
      url?: string;
    }[];
    const found = new Map(attachments.map((each) => [each.id, each]));

    expect(found.get(small.id)?.content).toBe(small.bytes.toString('base64'));
    expect(found.get(large.id)).not.toHaveProperty('content');
    expect(found.get(large.id)).toHaveProperty('url');
  });

  it.each(['url', 'base64'])(
    'returns a withdrawn document without its bytes, and no superseded version, as %s',
    async (format) => {
      const [old, changed, gone] = [
        await storeDocument(api, orderId),
        await storeDocument(api, orderId),
        await storeDocument(api, orderId),
      ];
      await api.database`
        UPDATE documents SET pharmacy_document_id = ${old.id}, version = 2, supersedes = ${old.id}
        WHERE id = ${changed.id}`;
      await api.database`UPDATE documents SET deleted_at = now() WHERE id = ${gone.id}`;
      const { json } = await detail(
        `caseId=${caseId}&includeAttachments=true&documentFormat=${format}`,
      );
      const attachments = json.caseDetail.attachments as { id: string }[];
      const found = (id: string) => attachments.find((each) => each.id === id);

      expect(found(gone.id)).toMatchObject({ isDeleted: true, sha256: gone.sha256 });
      expect(found(gone.id)).not.toHaveProperty('url');
      expect(found(gone.id)).not.toHaveProperty('content');
      expect(found(changed.id)).toMatchObject({ isDeleted: false });
      expect(found(old.id)).toBeUndefined();
    },
  );

  it('finds the newest case of a patient by email, whatever its letter case is', async () => {
    const email = `Ana.${randomUUID()}@Example.com`;
    const [older, newer] = [randomUUID(), randomUUID()];
    for (const id of [older, newer]) await put(id, { patient: { ...PATIENT, email } });
    const wanted = encodeURIComponent(` ${email.toLowerCase()} `);
    const { status, json } = await detail(`email=${wanted}&includeOrders=true`);

    expect(status).toBe(200);
    expect(json.caseDetail).toMatchObject({ id: newer, orders: [] });
    const rows = await api.database`
      SELECT action, result FROM audit_log WHERE case_id = ${newer} ORDER BY id DESC LIMIT 1`;
    expect(rows).toEqual([{ action: 'CASE_READ', result: 'OK' }]);
    // A replaced patient is no longer found by the old email.
    await put(newer, { patient: PATIENT });
    expect((await detail(`email=${wanted}`)).json.caseDetail.id).toBe(older);
  });

  it('answers an unknown email as an unknown case, also one of another organization', async () => {
    const email = `${randomUUID()}@example.com`;
    const other = await createOrganization(api.database);
    const otherKey = await writeKey(other.organizationId);
    const stored = await put(randomUUID(), { patient: { ...PATIENT, email } }, otherKey);
    expect(stored.status).toBe(201);
    const unknown = await detail(`caseId=${randomUUID()}`);
    expect(unknown.status).toBe(403);
    for (const each of [email, `x${email}`]) {
      const answer = await detail(`email=${each}`);
      expect({ status: answer.status, text: answer.text }).toEqual({
        status: unknown.status,
        text: unknown.text,
      });
    }
  });

  it.each([
    ['email=', 'email is required'],
    ['email=ana', 'email must be a valid email address'],
    ['email=a%40example.com&email=b%40example.com', 'email must be a string'],
    ['email=ana%40example.com&caseId=c', 'email must not be sent together with caseId'],
    ['email=%00', 'email must not contain the NUL character'],
  ])('refuses %s and names the field', async (query, error) => {
    expect(await detail(query)).toMatchObject({ status: 400, json: { error } });
  });

  it('finds a case of an earlier version after its email was indexed', async () => {
    const [caseId, blank] = [randomUUID(), randomUUID()];
    const email = `${caseId}@example.com`;
    await put(caseId, { patient: { ...PATIENT, email } });
    await put(blank, { patient: PATIENT });
    await api.database`UPDATE cases SET email_hash = NULL WHERE id = ${caseId}`;
    expect((await detail(`email=${email}`)).status).toBe(403);
    expect(await indexEmails(api.database, HASH_SECRET)).toMatchObject({ unreadable: 0 });
    expect((await detail(`email=${email}`)).json.caseDetail.id).toBe(caseId);
    expect(await indexEmails(api.database, HASH_SECRET)).toEqual({ indexed: 0, unreadable: 0 });
  });

  it('requires a case id or an email, and answers 403 for another organization’s case', async () => {
    const other = await createOrganization(api.database);

    expect(await detail('')).toMatchObject({
      ...{ status: 400, json: { error: 'caseId or email is required' } },
    });
    expect(await detail('caseId=')).toMatchObject({ json: { error: 'caseId is required' } });
    expect((await detail(`caseId=${other.caseId}`)).status).toBe(403);
    expect((await detail('caseId=%00')).status).toBe(400);
  });
});
