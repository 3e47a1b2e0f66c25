import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createRx } from '../../support/cli.ts';
import { eventually } from '../../support/eventually.ts';
import {
  listed,
  PDF,
  type Respond,
  reply,
  type ScriptedPharmacy,
  startScriptedPharmacy,
} from '../../support/scripted-pharmacy.ts';
import { createWorld, type World } from '../../support/world.ts';

/* What a pharmacy reports about an order that has ended, or that it has not answered yet. */

let world: World;
let pharmacy: ScriptedPharmacy;
beforeAll(async () => {
  world = await createWorld({ graceMs: 500 });
});
afterAll(() => world.close());
beforeEach(async () => {
  pharmacy = await startScriptedPharmacy(world.db.database);
});
afterEach(() => pharmacy.close());

/** Lets an order end with a status at the pharmacy, and waits until it has ended here. */
async function ended(status: 'completed' | 'rejected' | 'cancelled', template: object = {}) {
  pharmacy.template = { status, ...template };
  const orderId = await world.place(pharmacy.id);
  await world.reach(orderId, status.toUpperCase() as 'COMPLETED');
  await world.ended(orderId);
  return orderId;
}

/** Changes the order at the pharmacy, which reports it. */
async function report(orderId: string, type: string, changes: object): Promise<void> {
  Object.assign(pharmacy.order(orderId), changes);
  const { status } = await pharmacy.tell(world.app.url, type, { reference: orderId });
  expect(status).toBe(202);
}

async function eventsOf(orderId: string): Promise<string[]> {
  const events = await world.db.database<{ event: string; status: string }[]>`
    SELECT event, content -> 'order' ->> 'status' AS status FROM events
    WHERE order_id = ${orderId} ORDER BY sequence`;
  return events.map(({ event, status }) => `${event} ${status}`);
}

const documents = (orderId: string, count: number) =>
  eventually(`${count} documents`, async () => {
    const order = await world.client.get(orderId);
    return order.documents.length === count && order.documents;
  });

it('applies a message that names the order by the pharmacy’s id before the pharmacy’s answer tells it', async () => {
  pharmacy.script('place', (response, order) => {
    const { id } = order as { id: string };
    Object.assign(order ?? {}, { status: 'completed' });
    const accepted = { ...order, status: 'accepted' };
    void pharmacy
      .tell(world.app.url, 'order.completed', { id })
      .then(() => reply(201, accepted)(response, order, response.req));
  });
  const orderId = await world.place(pharmacy.id);
  // The first poll comes after a minute.
  await world.reach(orderId, 'COMPLETED');
});

describe('documents', () => {
  it('that come after the completion are fetched, stored and announced', async () => {
    const orderId = await ended('completed', { documents: [] });
    await report(orderId, 'order.completed', { documents: [listed('a'), listed('b')] });
    await documents(orderId, 2);
    expect((await world.client.get(orderId)).status).toBe('COMPLETED');
    const added = (await eventsOf(orderId)).filter((event) => event.startsWith('ADD_CASE'));
    expect(added).toEqual(['ADD_CASE_ATTACHMENT COMPLETED', 'ADD_CASE_ATTACHMENT COMPLETED']);
  });

  it('that come with a second message of the same type, or of an unknown one, are fetched too', async () => {
    const orderId = await ended('completed', { documents: [listed('a')] });
    await report(orderId, 'order.completed', { documents: [listed('a'), listed('b')] });
    await documents(orderId, 2);
    const three = ['a', 'b', 'c'].map((id) => listed(id));
    await report(orderId, 'order.documents_added', { documents: three });
    await documents(orderId, 3);
  });

  it('that change become a new version; the old one stays readable', async () => {
    const orderId = await ended('completed', { documents: [listed('a')] });
    const [first] = await documents(orderId, 1);
    const corrected = Buffer.from('%PDF-1.4\ncorrected\n%%EOF');
    pharmacy.script('document', (response) => response.end(corrected));
    await report(orderId, 'order.completed', { documents: [listed('a', corrected)] });
    const [, second] = await documents(orderId, 2);
    expect(second).toMatchObject({ version: 2, supersedes: first?.id, size: corrected.length });
    expect(first).toMatchObject({ version: 1, size: PDF.length });
    expect(first).not.toHaveProperty('deletedAt');
  });

  it('that change become a new version even if the list has neither size nor hash', async () => {
    const bare = { ...listed('a'), size: undefined, sha256: undefined };
    const orderId = await ended('completed', { documents: [bare] });
    const [first] = await documents(orderId, 1);
    const corrected = Buffer.from('%PDF-1.4\ncorrected\n%%EOF');
    const answer: Respond = (response) => response.end(corrected);
    pharmacy.script('document', answer, answer);
    await report(orderId, 'order.completed', { documents: [bare] });
    const [, second] = await documents(orderId, 2);
    expect(second).toMatchObject({ version: 2, supersedes: first?.id, size: corrected.length });
  });

  it('that are stored stay as they are if their link without size and hash no longer works', async () => {
    const bare = { ...listed('a'), size: undefined, sha256: undefined };
    const orderId = await ended('completed', { documents: [bare] });
    pharmacy.script('document', reply(410, ''), (response) => response.end(PDF));
    await report(orderId, 'order.completed', { documents: [bare, listed('b')] });
    await documents(orderId, 2);
    expect((await world.client.get(orderId)).status).toBe('COMPLETED');
  });

  it('that are withdrawn are marked, with an event', async () => {
    const orderId = await ended('completed', { documents: [listed('a'), listed('b')] });
    await report(orderId, 'order.completed', {
      documents: [{ id: 'a', withdrawn: true }, listed('b')],
    });
    await eventually('the mark', async () => {
      const order = await world.client.get(orderId);
      return order.documents.some(({ deletedAt }) => deletedAt !== undefined);
    });
    expect(await eventsOf(orderId)).toContain('DELETE_ATTACHMENT COMPLETED');
  });

  it('that share an id are marked when the list no longer offers them', async () => {
    const label = Buffer.from('%PDF-1.4\nlabel\n%%EOF');
    pharmacy.script(
      'document',
      (response) => response.end(PDF),
      (response) => response.end(label),
    );
    const [one, two] = [listed('a'), { ...listed('a', label), name: 'label.pdf' }];
    const orderId = await ended('completed', { documents: [one, two] });
    const marked = (count: number) =>
      eventually(`${count} marks`, async () => {
        const { documents: all } = await world.client.get(orderId);
        const gone = all.filter(({ deletedAt }) => deletedAt !== undefined);
        return gone.length === count && { gone, all };
      });

    await report(orderId, 'order.completed', { documents: [{ id: 'a', withdrawn: true }, two] });
    const { gone, all } = await marked(1);
    expect(gone).toMatchObject([{ name: 'a.pdf' }]);
    expect(all).toHaveLength(2); // the other one is not stored again
    await report(orderId, 'order.completed', { documents: [{ id: 'a', withdrawn: true }] });
    expect((await marked(2)).all).toHaveLength(2);
  });

  it('that cannot be fetched in time reopen the order, and a retry fetches them', async () => {
    const orderId = await ended('completed', { documents: [listed('a')] });
    pharmacy.script('document', reply(404, {}));
    await report(orderId, 'order.completed', { documents: [listed('a'), listed('b')] });
    const order = await world.reach(orderId, 'NEEDS_ATTENTION');
    expect(order).toMatchObject({ reasonCode: 'PHARMACY_HTTP_404' });
    expect(order.reason).toContain('"b.pdf"');
    pharmacy.script('document');
    await retry(orderId);
    expect((await world.reach(orderId, 'COMPLETED')).documents).toHaveLength(2);
  });

  it('that are missing from a later list stay', async () => {
    const orderId = await ended('completed', { documents: [listed('a')] });
    await report(orderId, 'order.completed', { documents: [] });
    await eventually('another read', async () => pharmacy.calls.read >= 2);
    await world.delivered(orderId);
    expect((await world.client.get(orderId)).documents).toHaveLength(1);
  });
});

/** Retries the order as an operator, once its new workflow waits. */
async function retry(orderId: string): Promise<void> {
  await eventually('the retry is accepted', async () => {
    const rx = createRx(world.db.operatorUrl);
    const { code } = await rx(['order', 'retry', orderId, '--reason', 'confirmed by phone'], {
      env: { TEMPORAL_ADDRESS: inject('temporal').address },
    });
    return code === 0;
  });
}

describe('a contradiction', () => {
  it.each([
    ['completed', 'cancelled', 'CANCELLED'],
    ['completed', 'rejected', 'REJECTED'],
    ['rejected', 'completed', 'COMPLETED'],
    ['cancelled', 'completed', 'COMPLETED'],
  ] as const)(
    'of %s by %s needs attention with an event, and a retry accepts it',
    async (before, after, end) => {
      const orderId = await ended(before);
      await report(orderId, `order.${after}`, { status: after });
      const order = await world.reach(orderId, 'NEEDS_ATTENTION');
      expect(order.reasonCode).toBe('LATE_ANSWER');
      expect(await eventsOf(orderId)).toContain('ORDER_STATUS_CHANGED NEEDS_ATTENTION');
      await retry(orderId);
      await world.reach(orderId, end);
      await world.ended(orderId);
    },
  );

  it.each(['completed', 'rejected'])(
    'of an expiry is found although the message has a type that we do not know: %s',
    async (status) => {
      await pharmacy.close();
      pharmacy = await startScriptedPharmacy(world.db.database, { completionLimitMs: 1_000 });
      const orderId = await world.place(pharmacy.id);
      await world.reach(orderId, 'EXPIRED');
      await world.ended(orderId);
      await report(orderId, 'order.documents_added', { status });
      const order = await world.reach(orderId, 'NEEDS_ATTENTION');
      expect(order.reasonCode).toBe('LATE_ANSWER');
      await retry(orderId);
      await world.reach(orderId, status.toUpperCase() as 'COMPLETED');
    },
  );

  it('is settled by keeping the end, with its reason', async () => {
    const orderId = await ended('rejected', { reason: 'out of stock' });
    await report(orderId, 'order.completed', { status: 'completed' });
    await world.reach(orderId, 'NEEDS_ATTENTION');
    const rx = createRx(world.db.operatorUrl);
    const keep = ['order', 'keep', orderId, '--reason', 'the pharmacy corrected itself'];
    expect(await rx(keep)).toMatchObject({ code: 0 });
    const order = await world.reach(orderId, 'REJECTED');
    expect(order).toMatchObject({ reasonCode: 'PHARMACY_REJECTED', reason: 'out of stock' });
    await world.ended(orderId);
    expect((await rx(keep)).stderr).toContain('the order is REJECTED');
  });

  it('is not seen in a message alone: the pharmacy’s own answer counts', async () => {
    const orderId = await ended('completed', { documents: [listed('a')] });
    await report(orderId, 'order.cancelled', {});
    await eventually('another read', async () => pharmacy.calls.read >= 2);
    await world.delivered(orderId);
    expect((await world.client.get(orderId)).status).toBe('COMPLETED');
  });
});

it('needs attention when the pharmacy has the order after all that was cancelled as unknown', async () => {
  pharmacy.creates = false;
  pharmacy.script('place', reply(503, {}));
  const orderId = await world.place(pharmacy.id);
  await eventually('a request', async () => pharmacy.calls.place > 0);
  await world.client.handle(orderId).cancel();
  await world.reach(orderId, 'CANCELLED');
  const late = { id: 'late-1', reference: orderId, status: 'in_progress', documents: [] };
  pharmacy.script('find', reply(200, late));
  await pharmacy.tell(world.app.url, 'order.tracking_added', {
    ...{ id: 'late-1', reference: orderId, trackingId: 'T' },
  });
  const order = await world.reach(orderId, 'NEEDS_ATTENTION');
  expect(order).toMatchObject({ reasonCode: 'LATE_ANSWER', pharmacyOrderId: 'late-1' });
});
