import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyWaitingMessages } from '../../../src/orders/inbox.ts';
import { expectAnotherHint } from '../../../src/orders/pharmacy-message.ts';
import { readOrder } from '../../../src/orders/read-order.ts';
import { inTransaction } from '../../../src/storage/transaction.ts';
import { createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
let pharmacy: TestPharmacy;
let orderId: string;
beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(async () => {
  pharmacy = await createPharmacy(api.database);
  orderId = await placedAt(pharmacy);
});
afterAll(() => api.close());

async function placedAt({ id }: TestPharmacy): Promise<string> {
  const body = exampleWithoutKey();
  const answer = await api.place({ ...body, order: { ...body.order, pharmacyId: id } });
  return answer.json.data.order.id;
}

function completed(reference: string, type = 'order.completed') {
  return { type, data: { id: 'ph-1', reference, status: 'completed' } };
}

/** Reads the order's outbox kinds, inbox types and the pharmacy's events in its timeline. */
async function rowsOf(id: string) {
  const outbox = await api.database`SELECT kind FROM outbox WHERE order_id = ${id} ORDER BY id`;
  const inbox = await api.database`SELECT type FROM inbox WHERE order_id = ${id} ORDER BY id`;
  const activity = await api.database`
    SELECT event FROM order_activity WHERE order_id = ${id} AND actor = 'pharmacy' ORDER BY id`;
  return {
    outbox: outbox.map(({ kind }) => kind),
    inbox: inbox.map(({ type }) => type),
    activity: activity.map(({ event }) => event),
  };
}

const ONE_HINT = {
  outbox: ['start', 'completion'],
  inbox: ['completed'],
  activity: ['PHARMACY_MESSAGE'],
};

describe('a webhook', () => {
  it('is stored with its signal before the 202', async () => {
    const answer = await pharmacy.tell(api.app.url, completed(orderId));

    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({ status: 202, success: true });
    expect(await rowsOf(orderId)).toEqual(ONE_HINT);
  });

  it('that is repeated gets the same answer and changes nothing', async () => {
    const options = { webhookId: 'msg_repeated' };
    const first = await pharmacy.tell(api.app.url, completed(orderId), options);
    const second = await pharmacy.tell(api.app.url, completed(orderId), options);

    expect([second.status, second.text]).toEqual([202, first.text]);
    expect(await rowsOf(orderId)).toEqual(ONE_HINT);
  });

  it('that is repeated is no new hint after a wrong one', async () => {
    const options = { webhookId: 'msg_wrong' };
    await pharmacy.tell(api.app.url, completed(orderId), options);
    // The workflow does this if the pharmacy has not completed the order.
    expect(await expectAnotherHint(api.database, orderId)).toBe(true);
    await pharmacy.tell(api.app.url, completed(orderId), options);

    expect(await rowsOf(orderId)).toEqual(ONE_HINT);
  });

  it('is not answered with 202 before it is stored', async () => {
    const answer = await inTransaction(api.database, async (sql) => {
      await sql`LOCK TABLE inbox IN SHARE MODE`;
      return await pharmacy.tell(api.app.url, completed(orderId));
    });

    expect(answer.status).toBe(503);
    expect(await rowsOf(orderId)).toMatchObject({ inbox: [], outbox: ['start'] });
  });

  it('that comes ten times at once counts once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        pharmacy.tell(api.app.url, completed(orderId), { webhookId: 'msg_at_once' }),
      ),
    );

    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(202));
    expect(await rowsOf(orderId)).toEqual(ONE_HINT);
  });

  it('with an id that another pharmacy used, too, is another message', async () => {
    const other = await createPharmacy(api.database);
    const otherOrder = await placedAt(other);
    const options = { webhookId: 'msg_same_id' };

    await pharmacy.tell(api.app.url, completed(orderId), options);
    await other.tell(api.app.url, completed(otherOrder), options);

    expect(await rowsOf(orderId)).toEqual(ONE_HINT);
    expect(await rowsOf(otherOrder)).toEqual(ONE_HINT);
  });

  it('signals once for a thousand webhooks of one type', async () => {
    for (let sent = 0; sent < 1_000; sent += 20) {
      const batch = Array.from({ length: 20 }, () =>
        pharmacy.tell(api.app.url, completed(orderId)),
      );
      for (const { status } of await Promise.all(batch)) expect(status).toBe(202);
    }

    const { outbox, inbox, activity } = await rowsOf(orderId);
    expect(inbox).toHaveLength(1_000);
    expect(outbox).toEqual(ONE_HINT.outbox);
    expect(activity).toEqual(ONE_HINT.activity);
  });

  it('of another type signals once more', async () => {
    for (const type of ['order.completed', 'order.rejected', 'order.cancelled', 'order.rejected']) {
      await pharmacy.tell(api.app.url, completed(orderId, type));
    }

    const { outbox } = await rowsOf(orderId);
    expect(outbox).toEqual(['start', 'completion', 'completion', 'completion']);
  });

  it('for an order that has ended is kept, and starts a workflow that reads it again', async () => {
    await api.database`UPDATE orders SET status = 'COMPLETED' WHERE id = ${orderId}`;

    expect((await pharmacy.tell(api.app.url, completed(orderId))).status).toBe(202);
    expect(await rowsOf(orderId)).toMatchObject({
      outbox: ['start', 'news'],
      inbox: ['completed'],
    });
  });

  it('of an unknown type is kept and changes nothing', async () => {
    const answer = await pharmacy.tell(api.app.url, completed(orderId, 'order.new_in_2030'));

    expect(answer.status).toBe(202);
    expect(await rowsOf(orderId)).toEqual({ outbox: ['start'], inbox: ['other'], activity: [] });
  });

  it.each([
    ['unknown', () => randomUUID()],
    ['not a UUID', () => 'order 7'],
    ['of a wrong type', () => 7 as unknown as string],
  ])('with a reference that is %s is kept for later', async (_what, reference) => {
    const webhookId = `msg_${randomUUID()}`;
    const answer = await pharmacy.tell(api.app.url, completed(reference()), { webhookId });

    expect(answer.status).toBe(202);
    const rows = await api.database`
      SELECT order_id, type FROM inbox
      WHERE pharmacy_id = ${pharmacy.id} AND webhook_id = ${webhookId}`;
    expect(rows).toMatchObject([{ orderId: null, type: 'completed' }]);
  });

  it.each([
    ['very long', 'x'.repeat(5_000)],
    ['NUL', '\0'],
    ['an object', {} as unknown as string],
  ])('with a reference that is %s gets 400 that names it', async (_what, reference) => {
    expect(await pharmacy.tell(api.app.url, completed(reference))).toMatchObject({
      status: 400,
      json: { error: 'data.reference is missing or cannot be read' },
    });
  });

  it('changes no order of another pharmacy', async () => {
    const other = await createPharmacy(api.database);

    const answer = await other.tell(api.app.url, completed(orderId));

    expect(answer.status).toBe(202);
    expect(await rowsOf(orderId)).toEqual({ outbox: ['start'], inbox: [], activity: [] });
  });

  it('distinguishes two long ids with equal beginnings', async () => {
    const begin = 'm'.repeat(400);
    await pharmacy.tell(api.app.url, completed(orderId), { webhookId: `${begin}1` });
    await pharmacy.tell(api.app.url, completed(orderId, 'order.rejected'), {
      webhookId: `${begin}2`,
    });

    expect((await rowsOf(orderId)).inbox).toEqual(['completed', 'rejected']);
  });
});

describe('a webhook that names the order by the pharmacy’s id only', () => {
  const message = { type: 'order.completed', data: { id: 'ph-77', status: 'completed' } };

  it('waits until that id is known, and is then applied', async () => {
    await pharmacy.tell(api.app.url, message);
    await pharmacy.tell(api.app.url, {
      type: 'order.tracking_added',
      data: { id: 'ph-77', trackingId: 'EARLY' },
    });
    expect(await rowsOf(orderId)).toMatchObject({ outbox: ['start'], inbox: [] });

    await inTransaction(api.database, async (sql) => {
      await sql`UPDATE orders SET pharmacy_order_id = 'ph-77' WHERE id = ${orderId}`;
      await applyWaitingMessages(sql, orderId, pharmacy.id, 'ph-77');
    });

    expect(await rowsOf(orderId)).toEqual({
      outbox: ['start', 'completion'],
      inbox: ['completed', 'tracking_added'],
      activity: ['PHARMACY_MESSAGE', 'TRACKING_ADDED'],
    });
    const { shipments } = await readOrder(api.database, { ...api.organization, orderId });
    expect(shipments).toMatchObject([{ trackingId: 'EARLY' }]);
  });

  it('signals once if several of a type have waited', async () => {
    for (const webhookId of ['first', 'second', 'third']) {
      await pharmacy.tell(api.app.url, message, { webhookId: `${orderId}-${webhookId}` });
    }

    await inTransaction(api.database, async (sql) => {
      await sql`UPDATE orders SET pharmacy_order_id = 'ph-77' WHERE id = ${orderId}`;
      await applyWaitingMessages(sql, orderId, pharmacy.id, 'ph-77');
    });

    expect((await rowsOf(orderId)).outbox).toEqual(['start', 'completion']);
  });

  it('is applied immediately if that id is known', async () => {
    await api.database`UPDATE orders SET pharmacy_order_id = 'ph-77' WHERE id = ${orderId}`;

    await pharmacy.tell(api.app.url, message);

    expect(await rowsOf(orderId)).toEqual(ONE_HINT);
  });

  it('is not lost if it and that id come at the same time', async () => {
    await Promise.all([
      pharmacy.tell(api.app.url, message),
      inTransaction(api.database, async (sql) => {
        await sql`UPDATE orders SET pharmacy_order_id = 'ph-77' WHERE id = ${orderId}`;
        await applyWaitingMessages(sql, orderId, pharmacy.id, 'ph-77');
      }),
    ]);

    expect(await rowsOf(orderId)).toEqual(ONE_HINT);
  });
});
