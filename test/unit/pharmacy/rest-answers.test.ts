import fc from 'fast-check';
import { v5 as uuidv5 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../../src/lib/exact-json.ts';
import type { PharmacyOrder } from '../../../src/pharmacy/gateway.ts';
import { PharmacyAnswerError } from '../../../src/pharmacy/pharmacy-errors.ts';
import { readRestOrder } from '../../../src/pharmacy/rest-answers.ts';
import { REFERENCE } from './fake-pharmacy.ts';
import { anyAnswer, NOT_STORABLE } from './hostile-answers.ts';

const WANTED = { id: 'ph-1' };

function read(answer: unknown, wanted: Parameters<typeof readRestOrder>[1] = WANTED) {
  const order = readRestOrder(answer, wanted);
  if (order === undefined) throw new Error('the answer is an empty list');
  return order;
}

/** Reads an order with these documents. */
const documentsOf = (documents: unknown) => read({ id: 'ph-1', documents });

const SHA = 'a'.repeat(64);
const WHOLE = { id: 'a', name: 'a.pdf', contentType: 'application/pdf', size: 73, sha256: SHA };
const DOCUMENT = { ...WHOLE, url: '/docs/a' };

describe('any answer', () => {
  it('is an order, an empty list, or a bad answer with a field', () => {
    const wanted = fc.constantFrom({ id: 'ph-1' }, { reference: REFERENCE });
    fc.assert(
      fc.property(anyAnswer, wanted, (answer, by) => {
        const order = orderOrError(answer, by);
        if (order === undefined) return;
        const { shipment, documents, withdrawn } = order;
        const texts = [order.id, order.reference, order.reason, ...withdrawn];
        texts.push(...Object.values(shipment ?? {}));
        for (const text of texts) expect(text ?? '').not.toMatch(NOT_STORABLE);
        for (const document of documents) {
          expect(`${document.id}${document.name}${document.contentType}`).not.toMatch(NOT_STORABLE);
          expect(document.id.length).toBeLessThanOrEqual(255);
          // The activity derives our id from it.
          expect(uuidv5(document.id, REFERENCE)).toHaveLength(36);
        }
        expect(new Set(documents.map(({ id }) => id)).size).toBe(documents.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('may be nested as deeply as JSON allows', () => {
    for (const [open, close] of [
      ['{"data":', '}'],
      ['[', ']'],
      ['{"id":"ph-1","reason":', '}'],
      ['{"id":"ph-1","documents":[', ']}'],
    ] as const) {
      const nested = `${open.repeat(20_000)}1${close.repeat(20_000)}`;
      orderOrError(JSON.parse(nested), WANTED);
    }
  });

  function orderOrError(
    answer: unknown,
    wanted: Parameters<typeof readRestOrder>[1],
  ): PharmacyOrder | undefined {
    try {
      return readRestOrder(answer, wanted);
    } catch (error) {
      expect(error).toBeInstanceOf(PharmacyAnswerError);
      expect(error).toMatchObject({ code: 'PHARMACY_BAD_ANSWER' });
      expect((error as PharmacyAnswerError).field).toMatch(/^[\w.[\]]+$/);
      return undefined;
    }
  }
});

describe('the status', () => {
  it.each([
    ['accepted', 'accepted'],
    ['in_progress', 'in_progress'],
    ['In Progress', 'in_progress'],
    ['in-progress', 'in_progress'],
    [' COMPLETED ', 'completed'],
    ['rejected', 'rejected'],
    ['cancelled', 'cancelled'],
    ['Canceled', 'cancelled'],
    ['on_hold', 'in_progress'],
    ['constructor', 'in_progress'],
    ['', 'in_progress'],
    [7, 'in_progress'],
    [null, 'in_progress'],
    [{ name: 'completed' }, 'in_progress'],
    [['completed'], 'in_progress'],
  ])('%j is read as %s', (status, expected) => {
    expect(read({ id: 'ph-1', status })).toMatchObject({ status: expected });
  });

  it('that is missing means that the pharmacy works on the order', () => {
    expect(read({ id: 'ph-1' })).toMatchObject({ status: 'in_progress' });
  });
});

describe('the ids', () => {
  it('keep every digit of a number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 60n }), (number) => {
        const json = `{"id":${number},"reference":${number},"trackingId":${number}}`;
        const digits = String(number);
        expect(read(parseExactJson(json))).toMatchObject({
          id: digits,
          reference: digits,
          shipment: { trackingId: digits },
        });
      }),
    );
  });

  it.each([undefined, null, '', {}, [], true])('may lack a reference: %j', (reference) => {
    expect(read({ id: 'ph-1', reference }).reference).toBeUndefined();
  });

  it('select an order of a list without regard to the letter case of a UUID', () => {
    const list = [{ id: 1 }, { id: 2, reference: REFERENCE.toUpperCase() }, { id: 3 }];
    expect(read(list, { reference: REFERENCE })).toMatchObject({ id: '2' });
    expect(read([{ id: 'a' }, { id: 'A' }], { id: 'a' })).toMatchObject({ id: 'a' });
  });
});

describe('a list or an envelope', () => {
  const order = { id: 'ph-1', status: 'completed' };

  it.each([
    [order],
    [[order]],
    [{ order }],
    [{ data: order }],
    [{ success: true, data: { order } }],
    [{ data: { orders: [order] }, meta: { total: 1 } }],
    [{ orders: [order] }],
    [{ items: [order], nextCursor: null }],
    [{ results: [order] }],
    [{ order: null, data: order }],
    [[null, { id: 'ph-2' }, order]],
  ])('contains the order: %j', (answer) => {
    expect(read(answer)).toMatchObject(order);
  });

  it.each([[[]], [{ orders: [] }], [{ data: { items: [] } }]])('may be empty: %j', (answer) => {
    expect(readRestOrder(answer, WANTED)).toBeUndefined();
  });

  it.each([
    ['id', [{ id: 'a' }, { id: 'b' }], { id: 'ph-1' }],
    ['id', [order, order], { id: 'ph-1' }],
    ['reference', [order, order], { reference: REFERENCE }],
    ['body', [null], { id: 'ph-1' }],
    ['body', 'text', { id: 'ph-1' }],
    ['id', {}, { id: 'ph-1' }],
    ['id', { data: { error: 'no' } }, { id: 'ph-1' }],
  ])('that does not show which order it is, names %s: %j', (field, answer, wanted) => {
    expect(() => readRestOrder(answer, wanted as typeof WANTED)).toThrow(
      expect.objectContaining({ code: 'PHARMACY_BAD_ANSWER', field }) as Error,
    );
  });
});

describe('documents', () => {
  it.each([undefined, null, []])('may be missing: %j', (documents) => {
    expect(documentsOf(documents)).toMatchObject({ documents: [], unreadable: [] });
  });

  it.each(['text', 7, {}, true, Array.from({ length: 201 }, () => DOCUMENT)])(
    'that are not a list of at most 200 do not stop the order: case %#',
    (documents) => {
      expect(documentsOf(documents)).toMatchObject({ documents: [], unreadable: ['documents'] });
    },
  );

  it('are read with their defaults', () => {
    expect(documentsOf([DOCUMENT]).documents).toEqual([DOCUMENT]);
    const [document] = documentsOf([{ id: 7, url: '/docs/a', size: '73', name: null }]).documents;
    expect(document).toMatchObject({
      id: '7',
      name: 'document',
      contentType: 'application/octet-stream',
      size: 73,
    });
    expect(document?.sha256).toBeUndefined();
  });

  const SPOILED = [
    ['body', null, ''],
    ['url', { ...DOCUMENT, url: undefined }, '.url'],
    ['url', { ...DOCUMENT, url: '' }, '.url'],
    ['url', { ...DOCUMENT, url: 7 }, '.url'],
    ['size', { ...DOCUMENT, size: 'large' }, '.size'],
    ['size', { ...DOCUMENT, size: -1 }, '.size'],
    ['sha256', { ...DOCUMENT, sha256: 'abc' }, '.sha256'],
    ['id', { ...DOCUMENT, id: {} }, '.id'],
  ] as const;

  it.each(SPOILED)('whose %s cannot be read spoil only themselves: %j', (_, spoiled, path) => {
    const others = [0, 1].map((id) => ({ ...DOCUMENT, id: `other-${id}` }));
    for (const index of [0, 1, 2]) {
      const { documents, unreadable, status } = read({
        id: 'ph-1',
        status: 'completed',
        documents: others.toSpliced(index, 0, spoiled as never),
      });
      expect(documents).toEqual(others);
      expect(unreadable).toEqual([`documents[${index}]${path}`]);
      expect(status).toBe('completed');
    }
  });

  it('that are withdrawn are named by their ids, and need no link', () => {
    const list = [DOCUMENT, { id: 7, withdrawn: true }, { ...DOCUMENT, id: 'b', withdrawn: true }];
    expect(documentsOf(list)).toMatchObject({
      documents: [DOCUMENT],
      withdrawn: ['7', 'b'],
      unreadable: [],
    });
    for (const withdrawn of [false, null, undefined]) {
      expect(documentsOf([{ ...DOCUMENT, withdrawn }])).toMatchObject({
        documents: [{ id: 'a' }],
        withdrawn: [],
      });
    }
  });

  it('without an id get one that does not change with the signature of their links', () => {
    const idsOf = (...entries: object[]) => documentsOf(entries).documents.map(({ id }) => id);
    const link = (path: string, signature: number) => ({
      name: 'rx.pdf',
      url: `https://files.example.com/${path}?X-Amz-Signature=${signature}`,
    });
    const first = idsOf(link('a', 1), link('b', 1));
    expect(new Set(first).size).toBe(2);
    expect(idsOf(link('b', 2), link('a', 3)).sort()).toEqual(first.sort());
    expect(idsOf({ url: '/a', sha256: SHA })).toEqual([SHA]);
  });
});
