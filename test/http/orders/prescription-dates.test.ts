import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openedOrder } from '../../support/sealed-rows.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const ACTIONS = ['PLACE_ORDER', 'VALIDATE_ORDER'] as const;

function withDates(action: string, dates: object) {
  const { order } = exampleWithoutKey();
  return { action, order: { ...order, dateWritten: undefined, ...dates } };
}

describe.each(ACTIONS)('%s', (action) => {
  it.each([
    { dateWritten: '2024-01-16T01:00:00Z', dateSigned: '2024-01-15T20:05:00-05:00' },
    {
      dateWritten: '2024-01-16T00:30:00Z',
      dateSigned: '2024-01-15T16:30:00-08:00',
      datePrescribed: '2024-01-16T00:30:00Z',
    },
    { dateWritten: '2024-01-15T10:00:00.000+0000' },
    { dateWritten: '2024-01-16', dateSigned: '2024-01-15T23:00:00-0800', datePrescribed: '' },
  ])('accepts %j', async (dates) => {
    const answer = await api.place(withDates(action, dates));

    expect(answer.status).toBe(200);
    if (action === 'VALIDATE_ORDER') return;
    const { prescription } = await openedOrder(api.database, answer.json.data.order.id as string);
    // Kept as they came; a blank one is absent.
    const sent = Object.entries(dates).filter(([, date]) => date !== '');
    expect(prescription).toMatchObject(Object.fromEntries(sent));
    expect('datePrescribed' in prescription).toBe(sent.some(([key]) => key === 'datePrescribed'));
  });

  it('refuses dates after the signature, and names each field with its path', async () => {
    const before = await api.count('orders');
    const answer = await api.place(
      withDates(action, {
        dateWritten: '2024-01-15T10:00:01Z',
        dateSigned: '2024-01-15T10:00:00+0000',
        datePrescribed: '2024-02-01',
      }),
    );

    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      status: 400,
      success: false,
      message: 'Invalid request',
      error: 'dateWritten must not be after dateSigned',
      errors: [
        { path: 'order.dateWritten', message: 'dateWritten must not be after dateSigned' },
        { path: 'order.datePrescribed', message: 'datePrescribed must not be after dateSigned' },
      ],
    });
    expect(await api.count('orders')).toBe(before);
  });
});

it('a list accepts an offset without a colon', async () => {
  const { status } = await api.get('/api/v1/orders?createdAfter=2024-01-15T10:00:00%2B0000');
  expect(status).toBe(200);
  const later = await api.get('/api/v1/orders?createdAfter=9000-01-15T10:00-0800');
  expect(later.json.data.orders).toEqual([]);
});

describe('a phone number with an extension', () => {
  it.each(['(555) 555-5555 ext. 5555', '555-555-5555 x123', '+1 555 555 5555, extension 7'])(
    'is accepted and kept as it came: %s',
    async (phoneNumber) => {
      const { order } = exampleWithoutKey();
      const prescriber = { ...order.prescriber, phoneNumber };
      const body = { action: 'PLACE_ORDER', order: { ...order, prescriber } };
      const answer = await api.place(body);

      expect(answer.status).toBe(200);
      const { prescription } = await openedOrder(api.database, answer.json.data.order.id as string);
      expect(prescription.prescriber.phoneNumber).toBe(phoneNumber);
    },
  );
});
