import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import {
  listed,
  reply,
  type ScriptedPharmacy,
  startScriptedPharmacy,
} from '../../support/scripted-pharmacy.ts';
import { createWorld, type World } from '../../support/world.ts';

/* Answers of real pharmacies, and how an order goes on after each of them. */

/** Long enough for a few attempts on a busy machine. */
const GRACE_MS = 5_000;

let world: World;
let pharmacy: ScriptedPharmacy;
beforeAll(async () => {
  world = await createWorld({ pollInitialMs: 100, pollMaxMs: 200, graceMs: GRACE_MS });
});
afterAll(() => world.close());
beforeEach(async () => {
  pharmacy = await startScriptedPharmacy(world.db.database);
});
afterEach(() => pharmacy.close());

/** Changes the order at the pharmacy once it is placed. */
async function completeThere(orderId: string, changes: object = {}): Promise<void> {
  await world.reach(orderId, 'AWAITING_COMPLETION');
  Object.assign(pharmacy.order(orderId), { status: 'completed', ...changes });
}

describe('the order', () => {
  it.each<[string, object]>([
    ['an unknown status', { status: 'on_hold' }],
    ['a status that is a number', { status: 7 }],
    ['no status', { status: undefined }],
    ['an id that is a number', { id: 900719925474 }],
    ['no reference', { reference: undefined }],
    ['documents that are null', { documents: null }],
    ['a parcel that cannot be read', { trackingId: {}, carrier: 5 }],
    ['a reason that is an object', { reason: { code: 'HOLD', text: 'on hold' } }],
  ])('may have %s: it is placed once, and completes', async (_, template) => {
    pharmacy.template = template;
    const orderId = await world.place(pharmacy.id);
    await completeThere(orderId, { documents: [listed('a')] });
    await world.reach(orderId, 'COMPLETED');
    expect(pharmacy.calls.place).toBe(1);
  });

  it('may have our reference in upper case', async () => {
    pharmacy.script('place', (response, order, request) => {
      const shouting = { ...order, reference: order!.reference.toUpperCase() };
      reply(201, shouting)(response, order, request);
    });
    const orderId = await world.place(pharmacy.id);
    await completeThere(orderId, {});
    await world.reach(orderId, 'COMPLETED');
    expect(pharmacy.calls.place).toBe(1);
  });

  it.each([
    ['a list', (order: object) => [order]],
    ['an envelope', (order: object) => ({ data: order })],
    ['an envelope with a list', (order: object) => ({ orders: [order], total: 1 })],
  ])('may be in %s', async (_, wrap) => {
    pharmacy.script('place', reply(409, {}));
    for (const call of ['find', 'read'] as const) {
      pharmacy.script(call, (response, order, request) =>
        reply(200, wrap(order!))(response, order, request),
      );
    }
    const orderId = await world.place(pharmacy.id);
    await completeThere(orderId);
    await world.reach(orderId, 'COMPLETED');
  });

  it('is placed by a 202 with its body, and by a second request after 408, 423 and 425', async () => {
    pharmacy.creates = false;
    const create = (response: never, order: never, request: never) => {
      pharmacy.creates = true;
      reply(202, order)(response, order, request);
    };
    pharmacy.script('place', reply(408, ''), reply(423, ''), reply(425, ''), create as never);
    const orderId = await world.place(pharmacy.id);
    await eventually('the last request', async () => pharmacy.calls.place === 4);
    await world.reach(orderId, 'AWAITING_COMPLETION');
  });

  it('needs attention when its answer stays unreadable, with the name of the field', async () => {
    pharmacy.creates = false;
    const error = { code: 'INVALID_NDC', message: 'The NDC is not in our formulary' };
    pharmacy.script('place', reply(200, { success: false, error }));
    const orderId = await world.place(pharmacy.id);
    const order = await world.reach(orderId, 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe('PHARMACY_BAD_ANSWER');
    expect(order.reason).toContain('the field id is missing or malformed');
    expect(pharmacy.calls.place).toBe(5);
  });

  it('needs attention when the pharmacy says that it exists, but does not have it', async () => {
    pharmacy.creates = false;
    pharmacy.script('place', reply(409, {}));
    const orderId = await world.place(pharmacy.id);
    const order = await world.reach(orderId, 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe('PHARMACY_ORDER_NOT_LISTED');
  });

  it('is read again for a while when the pharmacy does not show it yet', async () => {
    pharmacy.script('read', reply(404, {}), reply(404, {}), reply(404, {}));
    const orderId = await world.place(pharmacy.id);
    await eventually('three reads', async () => pharmacy.calls.read >= 3);
    pharmacy.script('read');
    await completeThere(orderId);
    await world.reach(orderId, 'COMPLETED');
  });

  it('needs attention when the pharmacy never shows it', async () => {
    pharmacy.script('read', reply(404, {}));
    const orderId = await world.place(pharmacy.id);
    const order = await world.reach(orderId, 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe('PHARMACY_HTTP_404');
  });

  it('gets its tracking from every read, digit for digit, and the carrier later', async () => {
    const orderId = await world.place(pharmacy.id);
    await world.reach(orderId, 'AWAITING_COMPLETION');
    pharmacy.script('read', (response, order) => {
      response.end(`{"id":"${String(order!.id)}","reference":"${orderId}","status":"in_progress",
        "trackingId":9400111899223344556677}`);
    });
    const shipments = (length: number) =>
      eventually(`${length} shipments`, async () => {
        const order = await world.client.get(orderId);
        return order.shipments.length === length && order.shipments;
      });
    expect(await shipments(1)).toMatchObject([{ trackingId: '9400111899223344556677' }]);
    pharmacy.script('read');
    const tracking = { trackingId: '9400111899223344556677', carrier: 'Example Post' };
    await completeThere(orderId, { ...tracking, trackingUrl: 'https://example.com/t' });
    const { shipments: all } = await world.reach(orderId, 'COMPLETED');
    expect(all).toMatchObject([{ ...tracking, trackingUrl: 'https://example.com/t' }]);
    const events = await world.db.database`
      SELECT FROM events WHERE order_id = ${orderId} AND event = 'ORDER_TRACKING_ADDED'`;
    expect(events).toHaveLength(1);
  });
});

describe('a cancellation', () => {
  it('is executed while the pharmacy’s answers cannot be read', async () => {
    pharmacy.creates = false;
    pharmacy.script('place', reply(200, { success: false }));
    const orderId = await world.place(pharmacy.id);
    await eventually('a request', async () => pharmacy.calls.place > 0);
    await world.client.handle(orderId).cancel();
    await world.reach(orderId, 'CANCELLED');
    await world.ended(orderId);
  });

  it('is executed while the pharmacy is unavailable for placing, and the order is not placed again', async () => {
    pharmacy.creates = false;
    pharmacy.script('place', reply(503, {}, { 'retry-after': '3600' }));
    const orderId = await world.place(pharmacy.id);
    await eventually('a request', async () => pharmacy.calls.place > 0);
    await world.client.handle(orderId).cancel();
    await world.reach(orderId, 'CANCELLED');
    await world.ended(orderId);
    expect(pharmacy.calls.place).toBe(1);
  });

  it('is executed when the request on its way fails after the cancellation', async () => {
    pharmacy.creates = false;
    const waiting: (() => void)[] = [];
    pharmacy.script('place', (response, order, request) => {
      waiting.push(() => reply(503, {})(response, order, request));
    });
    const orderId = await world.place(pharmacy.id);
    await eventually('the request', async () => waiting.length > 0);
    await world.client.handle(orderId).cancel();
    await world.delivered(orderId);
    waiting[0]?.();
    await world.reach(orderId, 'CANCELLED');
    await world.ended(orderId);
    expect(pharmacy.calls.place).toBe(1);
  });

  it('stays pending after a 202, until a read of the order settles it', async () => {
    pharmacy.script('cancel', reply(202, {}));
    const orderId = await world.place(pharmacy.id);
    await world.reach(orderId, 'AWAITING_COMPLETION');
    await world.client.handle(orderId).cancel();
    await eventually('the request', async () => pharmacy.calls.cancel > 0);
    expect((await world.client.get(orderId)).status).toBe('AWAITING_COMPLETION');
    pharmacy.order(orderId).status = 'cancelled';
    await world.reach(orderId, 'CANCELLED');
  });
});
