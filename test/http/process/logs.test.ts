import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { putCase } from '../../../src/cases/put-case.ts';
import { HASH_SECRET, PATIENT_ADDRESS, TESTER } from '../../support/organization.ts';
import { createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';
import { exampleWithKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
let pharmacy: TestPharmacy;
beforeAll(async () => {
  api = await startTestApi();
  pharmacy = await createPharmacy(api.database);
});
afterAll(() => api.close());

/** Part of every value that the test sends. It must never reach the log. */
const MARK = `private-${randomUUID()}`;

/** The published example with the mark in every text without a fixed format. */
function marked(key: string) {
  const body = exampleWithKey(`${MARK}-${key}`);
  const { order } = body;
  return {
    ...body,
    order: {
      ...order,
      diagnosis: MARK,
      pharmacyId: pharmacy.id,
      patientHealthInfo: { allergies: MARK, healthConditions: MARK, currentMedications: MARK },
      prescriber: { ...order.prescriber, firstName: MARK, lastName: MARK, npi: MARK },
      prescriptionItems: [
        { drugId: MARK, direction: MARK, quantity: MARK, customFields: { [MARK]: MARK } },
      ],
    },
  };
}

function written(): string {
  return JSON.stringify(api.app.log.lines);
}

it('keeps the callers’ data and keys out of the log', async () => {
  const { apiKey, caseId } = api.organization;
  const patient = { firstName: MARK, lastName: MARK, address: PATIENT_ADDRESS };
  await putCase(api.database, HASH_SECRET, api.organization, patient, TESTER);
  const placed = await api.place(marked('1'));
  expect(placed.status).toBe(200);
  const orderId = placed.json.data.order.id as string;
  const order = `/api/v1/cases/${caseId}/orders/${orderId}`;
  const message = {
    type: MARK,
    data: { id: MARK, reference: orderId, trackingId: MARK, carrier: MARK },
  };

  const answers = [
    await api.place(marked('1')),
    await api.place({ ...marked('1'), order: { ...marked('1').order, diagnosis: `${MARK}-2` } }),
    await api.place({ ...marked('2'), order: { prescriber: { email: MARK } } }),
    await api.place(`{"${MARK}":`),
    await api.place(`{"${MARK}":"${'x'.repeat(1 << 20)}"}`),
    await api.place(marked('3'), { caseId: MARK }),
    await api.place(marked('4'), { headers: { 'cv-api-key': MARK } }),
    await api.place(marked('5'), { headers: { 'content-type': `text/${MARK}` } }),
    await api.get(`${order}?patient=${MARK}`),
    await api.get(`${order}/documents/${MARK}`),
    await api.send('GET', `/${MARK}`),
    await api.send('DELETE', `/api/v1/cases/${MARK}`),
    await api.send('GET', `/%zz${MARK}`),
    await pharmacy.tell(api.app.url, message, { webhookId: MARK }),
    await pharmacy.tell(api.app.url, { ...message, type: 'order.tracking_added' }),
    await pharmacy.tell(api.app.url, MARK),
    await api.send('POST', `/webhooks/pharmacies/${MARK}`, { body: message }),
  ];

  expect(answers.map(({ status }) => status)).toEqual([
    409, 409, 400, 400, 413, 403, 401, 415, 200, 404, 404, 405, 400, 202, 202, 400, 401,
  ]);
  for (const secret of [MARK, apiKey, caseId, 'Jane', 'jane.sample', 'Penicillin', '789 Patient']) {
    expect(written()).not.toContain(secret);
  }
});

it('keeps the message of a Postgres error out of the log', async () => {
  const name = `unfit_${randomUUID().slice(0, 8)}`;
  await api.database.unsafe(
    `ALTER TABLE orders ADD CONSTRAINT ${name} CHECK (pharmacy_id <> '${MARK}')`,
  );

  const body = marked('unfit');
  const answer = await api.place({ ...body, order: { ...body.order, pharmacyId: MARK } });

  expect(answer.status).toBe(500);
  expect(answer.text).toBe(
    '{"status":500,"success":false,"message":"Internal server error","error":"internal error"}',
  );
  const [line] = api.app.log.lines.filter(({ level }) => level === 'error');
  expect(line).toMatchObject({ fields: { code: '23514', route: '/api/v1/cases/:caseId' } });
  expect(written()).not.toContain(MARK);
});

it('logs each request with its method, route pattern, status and organization', async () => {
  const before = api.app.log.lines.length;

  await api.place(marked('6'));

  expect(api.app.log.lines.slice(before)).toMatchObject([
    {
      level: 'info',
      message: 'request',
      fields: {
        method: 'POST',
        route: '/api/v1/cases/:caseId',
        status: 200,
        organizationId: api.organization.organizationId,
      },
    },
  ]);
});
