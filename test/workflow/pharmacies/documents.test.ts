import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import {
  listed,
  PDF,
  reply,
  type ScriptedPharmacy,
  startScriptedPharmacy,
} from '../../support/scripted-pharmacy.ts';
import { createWorld, type World } from '../../support/world.ts';

/* Documents as real pharmacies offer them. */

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

/** Places an order whose documents are these, and completes it at the pharmacy. */
async function placeWith(...documents: object[]): Promise<string> {
  pharmacy.template = { status: 'completed', documents };
  return await world.place(pharmacy.id);
}

/** Answers with the order as it is now, then changes it and reports that, and only then sends the answer. */
function overtaken(changes: object, type: string): Parameters<ScriptedPharmacy['script']>[1] {
  return (response, order) => {
    const answer = JSON.stringify(order);
    const { reference } = Object.assign(order ?? {}, changes) as { reference: string };
    void pharmacy
      .tell(world.app.url, type, { reference, trackingId: 'parcel-1' })
      .then(() => reply(200, answer)(response, order, response.req));
  };
}

describe('a message that arrives between the read of the order and the record of its end', () => {
  const asIs: Parameters<ScriptedPharmacy['script']>[1] = (response, order) => {
    reply(200, order)(response, order, response.req);
  };

  it('is followed: documents that it reports are fetched', async () => {
    const documents = [listed('a'), listed('b')];
    pharmacy.script('read', overtaken({ documents }, 'order.completed'), asIs);
    const orderId = await placeWith(listed('a'));
    await world.reach(orderId, 'COMPLETED');
    await eventually('both documents', async () => {
      return (await world.client.get(orderId)).documents.length === 2;
    });
  });

  it.each(['rejected', 'cancelled'])('is followed: it contradicts %s', async (status) => {
    pharmacy.script('read', overtaken({ status: 'completed' }, 'order.completed'), asIs);
    pharmacy.template = { status };
    const orderId = await world.place(pharmacy.id);
    const order = await world.reach(orderId, 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe('LATE_ANSWER');
  });

  it('is not followed when it reports a parcel of the completed order, which is stored already', async () => {
    pharmacy.script('read', overtaken({}, 'order.tracking_added'), asIs);
    const orderId = await placeWith(listed('a'));
    await world.reach(orderId, 'COMPLETED');
    await world.delivered(orderId);
    expect(pharmacy.calls.read).toBe(1);
  });
});

async function documentsOf(orderId: string) {
  const { documents } = await world.reach(orderId, 'COMPLETED', 'NEEDS_ATTENTION');
  return documents.map(({ name, contentType, size }) => ({ name, contentType, size }));
}

describe('a document', () => {
  it.each<[string, object]>([
    ['its size as a string', { size: String(PDF.length) }],
    ['no size and no hash', { size: null, sha256: undefined }],
    ['no name', { name: null }],
    ['an id that is a number', { id: 17 }],
    ['no id', { id: null }],
    ['a content type with parameters', { contentType: 'Application/PDF; charset=binary' }],
    ['no content type', { contentType: undefined }],
  ])('may have %s', async (_, changes) => {
    const orderId = await placeWith(listed('a', PDF, changes));
    const [document] = await documentsOf(orderId);
    expect(document).toMatchObject({ contentType: 'application/pdf', size: PDF.length });
    expect((await world.client.get(orderId)).status).toBe('COMPLETED');
  });

  it('that changes between the read of the order and its download is stored as it is now', async () => {
    const corrected = Buffer.from('%PDF-1.4\ncorrected\n%%EOF');
    const placed = placeWith(listed('a'));
    pharmacy.script('document', (response) => {
      void placed.then((orderId) => {
        pharmacy.order(orderId).documents = [listed('a', corrected)];
        response.end(corrected);
      });
    });
    const order = await world.reach(await placed, 'COMPLETED', 'NEEDS_ATTENTION');
    expect(order).toMatchObject({ status: 'COMPLETED', documents: [{ size: corrected.length }] });
  });

  it('that cannot be read spoils only itself: the others are stored, and the order needs attention', async () => {
    const orderId = await placeWith(listed('a', PDF, { size: 'many' }), listed('b'));
    const order = await world.reach(orderId, 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe('PHARMACY_BAD_ANSWER');
    expect(order.reason).toContain('documents[0].size');
    expect(order.documents).toMatchObject([{ name: 'b.pdf' }]);
  });

  it('with the id of another one is another document', async () => {
    const label = Buffer.from('%PDF-1.4\nanother\n%%EOF');
    pharmacy.script('document', (response, _, request) => {
      response.writeHead(200, { 'content-type': 'application/pdf' });
      response.end(request.url?.includes('second') ? label : PDF);
    });
    const orderId = await placeWith(
      listed('1'),
      listed('1', label, { name: 'label.pdf', url: 'documents/second' }),
    );
    const documents = await documentsOf(orderId);
    expect(documents.map(({ name }) => name).toSorted()).toEqual(['1.pdf', 'label.pdf']);
  });

  it('listed twice is stored once', async () => {
    expect(await documentsOf(await placeWith(listed('1'), listed('1')))).toHaveLength(1);
  });

  it.each<[string, Buffer, object, string]>([
    ['a login page', Buffer.from('<!DOCTYPE html><title>Login</title>'), {}, 'DOCUMENT_WRONG_TYPE'],
    ['an error in JSON', Buffer.from('{"error":"expired"}'), {}, 'DOCUMENT_WRONG_TYPE'],
    ['the first half of a file', PDF.subarray(0, 20), {}, 'DOCUMENT_TRUNCATED'],
    ['nothing', Buffer.alloc(0), {}, 'DOCUMENT_EMPTY'],
    ['another file than announced', PDF, { sha256: 'a'.repeat(64) }, 'DOCUMENT_MISMATCH'],
    ['an image', Buffer.from('89504e470d0a1a0a', 'hex'), {}, 'DOCUMENT_WRONG_TYPE'],
  ])('is never stored when its link delivers %s', async (_, bytes, changes, code) => {
    pharmacy.script('document', (response) => response.end(bytes));
    const unknown = { size: undefined, sha256: undefined };
    const orderId = await placeWith(listed('rx', PDF, { ...unknown, ...changes }));
    const order = await world.reach(orderId, 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe(code);
    expect(order.reason).toContain('The document "rx.pdf" could not be fetched');
    expect(order.documents).toEqual([]);
  });

  it.each([404, 403, 202, 409])(
    'that answers %i is fetched again, by a freshly read link',
    async (status) => {
      pharmacy.script('document', reply(status, {}), reply(status, {}, { 'retry-after': '1' }));
      const orderId = await placeWith(listed('a'));
      await eventually('two requests', async () => pharmacy.calls.document >= 2);
      pharmacy.order(orderId).documents = [listed('a', PDF, { url: 'documents/a?signature=2' })];
      const urls: string[] = [];
      pharmacy.script('document', (response, _, request) => {
        urls.push(request.url ?? '');
        response.end(PDF);
      });
      await world.reach(orderId, 'COMPLETED');
      expect(urls).toEqual(['/documents/a?signature=2']);
    },
  );

  it('that stays unavailable ends in NEEDS_ATTENTION, with its name and the code', async () => {
    pharmacy.script('document', reply(404, {}));
    const order = await world.reach(await placeWith(listed('a')), 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe('PHARMACY_HTTP_404');
    expect(order.reason).toContain('"a.pdf"');
  });

  it('that fails with 500 until the order’s limit ends in NEEDS_ATTENTION, with its name', async () => {
    const bounded = await startScriptedPharmacy(world.db.database, { completionLimitMs: 1_500 });
    bounded.template = { status: 'completed', documents: [listed('a')] };
    bounded.script('document', reply(500, {}));
    const order = await world.reach(await world.place(bounded.id), 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe('PHARMACY_HTTP_500');
    expect(order.reason).toContain('"a.pdf"');
    await bounded.close();
  });

  it('may be elsewhere, by its link or by a redirect, and gets no credentials there', async () => {
    const seen: (string | undefined)[] = [];
    const storage: Server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end(PDF);
    });
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
    const link = `http://127.0.0.1:${(storage.address() as AddressInfo).port}/b/a?X-Amz-Signature=abc`;
    pharmacy.script('document', reply(302, '', { location: link }));
    const orderId = await placeWith(listed('redirected'), listed('direct', PDF, { url: link }));
    expect(await documentsOf(orderId)).toHaveLength(2);
    expect(seen).toEqual([undefined, undefined]);
    storage.closeAllConnections();
    storage.close();
  });

  it('at a forbidden destination is not fetched', async () => {
    const forbidden = 'https://169.254.169.254/latest/meta-data';
    const order = await world.reach(
      await placeWith(listed('a', PDF, { url: forbidden })),
      'NEEDS_ATTENTION',
    );
    expect(order.reasonCode).toBe('DOCUMENT_DESTINATION_FORBIDDEN');
  });
});

describe('a completion without documents', () => {
  it('is believed after the grace period only', async () => {
    const before = Date.now();
    await world.reach(await placeWith(), 'COMPLETED');
    expect(Date.now() - before).toBeGreaterThan(GRACE_MS - 100);
  });

  it('waits for the documents', async () => {
    const orderId = await placeWith();
    await world.reach(orderId, 'FETCHING_DOCUMENTS');
    pharmacy.order(orderId).documents = [listed('a'), listed('b')];
    expect(await documentsOf(orderId)).toHaveLength(2);
  });
});
