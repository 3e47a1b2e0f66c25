import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { putCase } from '../../../src/cases/put-case.ts';
import { type Door, exampleWithKey, openDoor } from '../../support/door.ts';
import { HASH_SECRET, PATIENT_ADDRESS, TESTER } from '../../support/organization.ts';
import { createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';

let door: Door;
let pharmacy: TestPharmacy;
beforeAll(async () => {
  door = await openDoor();
  pharmacy = await createPharmacy(door.database);
});
afterAll(() => door.close());

/** In every value that a caller can send; nothing of it may reach the log. */
const MARK = `private-${randomUUID()}`;

/** The published example with the mark in all of its texts that have no format. */
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
  return JSON.stringify(door.app.log.lines);
}

it('keeps out of the log what callers send, and their keys', async () => {
  const { apiKey, caseId } = door.organization;
  const patient = { firstName: MARK, lastName: MARK, address: PATIENT_ADDRESS };
  await putCase(door.database, HASH_SECRET, door.organization, patient, TESTER);
  const placed = await door.place(marked('1'));
  expect(placed.status).toBe(200);
  const orderId = placed.json.data.order.id as string;
  const order = `/api/v1/cases/${caseId}/orders/${orderId}`;
  const message = {
    type: MARK,
    data: { id: MARK, reference: orderId, trackingId: MARK, carrier: MARK },
  };

  const answers = [
    await door.place(marked('1')),
    await door.place({ ...marked('1'), order: { ...marked('1').order, diagnosis: `${MARK}-2` } }),
    await door.place({ ...marked('2'), order: { prescriber: { email: MARK } } }),
    await door.place(`{"${MARK}":`),
    await door.place(`{"${MARK}":"${'x'.repeat(1 << 20)}"}`),
    await door.place(marked('3'), { caseId: MARK }),
    await door.place(marked('4'), { headers: { 'cv-api-key': MARK } }),
    await door.place(marked('5'), { headers: { 'content-type': `text/${MARK}` } }),
    await door.get(`${order}?patient=${MARK}`),
    await door.get(`${order}/documents/${MARK}`),
    await door.send('GET', `/${MARK}`),
    await door.send('DELETE', `/api/v1/cases/${MARK}`),
    await door.send('GET', `/%zz${MARK}`),
    await pharmacy.tell(door.app.url, message, { webhookId: MARK }),
    await pharmacy.tell(door.app.url, { ...message, type: 'order.tracking_added' }),
    await pharmacy.tell(door.app.url, MARK),
    await door.send('POST', `/webhooks/pharmacies/${MARK}`, { body: message }),
  ];

  expect(answers.map(({ status }) => status)).toEqual([
    409, 409, 400, 400, 413, 403, 401, 415, 200, 404, 404, 405, 400, 202, 202, 400, 401,
  ]);
  for (const secret of [MARK, apiKey, caseId, 'Jane', 'jane.sample', 'Penicillin', '789 Patient']) {
    expect(written()).not.toContain(secret);
  }
});

it('keeps out of the log what Postgres says of an error of ours', async () => {
  const name = `unfit_${randomUUID().slice(0, 8)}`;
  await door.database.unsafe(
    `ALTER TABLE orders ADD CONSTRAINT ${name} CHECK (pharmacy_id <> '${MARK}')`,
  );

  const body = marked('unfit');
  const answer = await door.place({ ...body, order: { ...body.order, pharmacyId: MARK } });

  expect(answer.status).toBe(500);
  expect(answer.text).toBe(
    '{"status":500,"success":false,"message":"Internal server error","error":"internal error"}',
  );
  const [line] = door.app.log.lines.filter(({ level }) => level === 'error');
  expect(line).toMatchObject({ fields: { code: '23514', route: '/api/v1/cases/:caseId' } });
  expect(written()).not.toContain(MARK);
});

it('names each request by its method, pattern, status and organization', async () => {
  const before = door.app.log.lines.length;

  await door.place(marked('6'));

  expect(door.app.log.lines.slice(before)).toMatchObject([
    {
      level: 'info',
      message: 'request',
      fields: {
        method: 'POST',
        route: '/api/v1/cases/:caseId',
        status: 200,
        organizationId: door.organization.organizationId,
      },
    },
  ]);
});
