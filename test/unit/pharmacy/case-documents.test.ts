import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaseOrder } from '../../../src/pharmacy/carevalidate-answers.ts';
import { caseDocuments, type StoredForOthers } from '../../../src/pharmacy/case-documents.ts';
import { PharmacyAnswerError } from '../../../src/pharmacy/pharmacy-errors.ts';
import { anyAnswer } from './hostile-answers.ts';

const at = (minute: number) => Date.UTC(2026, 0, 1, 12, minute);
const time = (minute: number) => new Date(at(minute)).toISOString();

function orderOf(id: string, fields: Partial<CaseOrder> = {}): CaseOrder {
  return {
    id,
    status: 'completed',
    reason: undefined,
    trackingId: undefined,
    createdAt: undefined,
    ...fields,
  } as CaseOrder;
}

const OURS = orderOf('ours');
const OTHER = orderOf('other');

interface Case {
  readonly order?: CaseOrder;
  readonly others?: readonly CaseOrder[];
  /** The ids of the documents that are stored for the order `other`. */
  readonly stored?: readonly string[];
}

async function read(
  attachments: readonly unknown[],
  { order = OURS, others = [], stored = [] }: Case = {},
) {
  const found: StoredForOthers = {
    documentIds: new Set(stored),
    orderIds: new Set(stored.length > 0 ? [OTHER.id] : []),
  };
  return await caseDocuments(attachments, order, [order, ...others], async (asked) => {
    expect(asked).toEqual(others);
    return found;
  });
}

const idsOf = async (...args: Parameters<typeof read>) =>
  (await read(...args)).documents.map(({ id }) => id);

const link = (id: unknown, fields: object = {}) => ({
  id,
  fileName: 'rx.pdf',
  url: `https://files.example.com/${String(id)}`,
  ...fields,
});

const AMBIGUOUS = new PharmacyAnswerError('PHARMACY_DOCUMENTS_AMBIGUOUS');

const many = (count: number, fields: object = {}) =>
  Array.from({ length: count }, (_, index) => link(`d-${index}`, fields));
const TOO_MANY = { documents: [], withdrawn: [], unreadable: ['attachments'] };

describe('a case with more attachments than are stored', () => {
  it.each([
    ['an order with 201 documents', many(201), {}],
    ['an order with 201 withdrawn documents', many(201, { isDeleted: true }), {}],
    ['an order with 201 unreadable documents', many(201, { url: undefined, size: {} }), {}],
    [
      '100,000 equal ids with different links',
      many(100_000).map((each) => ({ ...each, id: 'd' })),
      {},
    ],
    ['2,001 documents of other orders', many(2_001, { orderId: 'other' }), { others: [OTHER] }],
  ])('offers nothing: %s', async (_, attachments, situation: Case) => {
    expect(await read(attachments, situation)).toEqual(TOO_MANY);
  });

  it('offers 200 documents, next to those of other orders', async () => {
    const attachments = [...many(200), ...many(300, { orderId: 'other' })];
    expect(
      (await read(attachments, { others: [orderOf('other', { status: 'accepted' })] })).documents,
    ).toHaveLength(200);
  });
});

describe('the attachments of a case with one order', () => {
  it('are its documents, unless they are deleted', async () => {
    const attachments = [link('a'), link(7), link('c', { isDeleted: true })];
    expect(await idsOf(attachments)).toEqual(['a', '7']);
  });

  it('that are deleted are withdrawn, unless they are another order’s', async () => {
    const { documents, withdrawn, unreadable } = await read(
      [
        { id: 'a', isDeleted: true },
        link(7, { isDeleted: true, orderId: 'ours' }),
        link('c', { isDeleted: true, orderId: 'other' }),
        { isDeleted: true },
        link('e', { isDeleted: 'no' }),
      ],
      { others: [OTHER], stored: ['x'] },
    );
    expect(documents.map(({ id }) => id)).toEqual(['e']);
    expect(withdrawn).toEqual(['a', '7']);
    expect(unreadable).toEqual([]);
  });

  it('may be links, base64, or data URLs', async () => {
    const { documents } = await read([
      { id: 'a', url: ' https://files.example.com/a ', content: null },
      { id: 'b', content: 'YWJj\n' },
      { id: 'c', content: 'data:application/x-pdf;base64,YWJj' },
      { id: 'd', content: '', url: '/d' },
      { id: 'e', content: 'YWJj', contentType: 'image/jpg', size: '3' },
    ]);
    expect(documents.map(({ id, url, contentType }) => [id, contentType, url])).toEqual([
      ['a', 'application/octet-stream', 'https://files.example.com/a'],
      ['b', 'application/octet-stream', 'data:;base64,YWJj'],
      ['c', 'application/pdf', 'data:application/x-pdf;base64,YWJj'],
      ['d', 'application/octet-stream', '/d'],
      ['e', 'image/jpeg', 'data:;base64,YWJj'],
    ]);
    expect(documents[4]?.size).toBe(3);
  });

  it('keep their order’s other documents readable when one of them is not', async () => {
    const { documents, unreadable } = await read([
      link('a'),
      null,
      { id: 'b' },
      link({}),
      link('c', { size: 'large' }),
      { id: 'd', content: 7 },
      link('e'),
    ]);
    expect(documents.map(({ id }) => id)).toEqual(['a', 'e']);
    expect([...unreadable].sort()).toEqual([
      'attachments[1]',
      'attachments[2].url',
      'attachments[3].id',
      'attachments[4].size',
      'attachments[5].url',
    ]);
  });

  it('that are empty are still documents, so that the order does not complete without them', async () => {
    const { documents } = await read([{ id: 'd', content: '' }]);
    expect(documents).toMatchObject([{ id: 'd', url: 'data:;base64,' }]);
  });

  it('without ids are told apart by their content, and have the same ids in each read', async () => {
    const attachments = [
      { fileName: 'rx.pdf', content: 'YWJj' },
      { fileName: 'rx.pdf', content: 'YWJk' },
      { id: null, fileName: 'rx.pdf', url: 'https://files.example.com/1?signature=a' },
      { id: null, fileName: 'rx.pdf', url: 'https://files.example.com/2?signature=a' },
    ];
    const ids = await idsOf(attachments);
    expect(new Set(ids).size).toBe(4);
    const signed = attachments.map((each) => ({ ...each, url: each.url?.replace('=a', '=b') }));
    expect(await idsOf(signed)).toEqual(ids);
  });

  it('with the same id are two documents', async () => {
    const attachments = [link('1', { fileName: 'rx.pdf' }), link('1', { fileName: 'label.pdf' })];
    expect(new Set(await idsOf(attachments)).size).toBe(2);
  });
});

describe('an attachment that names its order', () => {
  const OF_OTHER = { orderId: 'other' };

  it('belongs to that order only', async () => {
    const attachments = [link('a', { orderId: 'ours' }), link('b', OF_OTHER)];
    expect(await idsOf(attachments, { others: [OTHER] })).toEqual(['a']);
  });

  it('may name it as a number, or as a UUID in another letter case', async () => {
    expect(await idsOf([link('a', { orderId: 7 })], { order: orderOf('7') })).toEqual(['a']);
    const uuid = '0198c0de-0000-7000-8000-00000000000a';
    const attachments = [link('a', { orderId: uuid.toUpperCase() })];
    expect(await idsOf(attachments, { order: orderOf(uuid) })).toEqual(['a']);
  });

  it('is not left out because it is older, or stored for another order', async () => {
    const order = orderOf('ours', { createdAt: at(10) });
    const attachments = [link('a', { orderId: 'ours', createdAt: time(1) })];
    expect(await idsOf(attachments, { order, others: [OTHER], stored: ['a'] })).toEqual(['a']);
  });

  it('spoils nothing of this order if it is another order’s and cannot be read', async () => {
    const { unreadable } = await read([link('b', { ...OF_OTHER, size: 'large' }), OF_OTHER], {
      others: [OTHER],
    });
    expect(unreadable).toEqual([]);
  });
});

describe('an attachment that names no order, in a case with several', () => {
  it('that is stored for another order is not this one’s', async () => {
    const attachments = [link('a'), link('b')];
    expect(await idsOf(attachments, { others: [OTHER], stored: ['a'] })).toEqual(['b']);
  });

  it('that has no id is recognized if it is stored for another order', async () => {
    const first = [{ fileName: 'rx.pdf', content: 'YWJj' }, link(null, { fileName: 'x.pdf' })];
    const stored = await idsOf(first, { order: OTHER });
    const second = { fileName: 'rx.pdf', content: 'YWJk' };
    const { documents } = await read([...first, second], { others: [OTHER], stored });
    expect(documents).toMatchObject([{ url: 'data:;base64,YWJk' }]);
  });

  it('that shares its id with another is recognized if it is stored for another order', async () => {
    const first = [link('1', { size: 1 }), link('1', { size: 2 })];
    const stored = await idsOf(first, { order: OTHER });
    expect(await idsOf([...first, link('2')], { others: [OTHER], stored })).toEqual(['2']);
  });

  it('that was made before this order was placed is not this one’s', async () => {
    const order = orderOf('ours', { createdAt: at(10) });
    const attachments = [
      link('a', { createdAt: time(9) }),
      link('b', { createdAt: time(10) }),
      link('c', { createdAt: time(11) }),
      link('d', { createdAt: 'yesterday' }),
    ];
    const others = [orderOf('other', { status: 'cancelled' })];
    expect(await idsOf(attachments, { order, others })).toEqual(['b', 'c', 'd']);
  });

  it('spoils nothing if it is another order’s and cannot be read', async () => {
    const order = orderOf('ours', { createdAt: at(10) });
    const attachments = [
      link('a', { size: 'large' }),
      link('b', { createdAt: time(9), size: 'large' }),
      { id: 'a' },
      link('c', { size: 'large' }),
    ];
    const { unreadable } = await read(attachments, { order, others: [OTHER], stored: ['a'] });
    expect(unreadable).toEqual(['attachments[3].size']);
  });

  it('is ambiguous if another completed order without stored documents may own it', async () => {
    const attempt = read([link('a')], { others: [OTHER] });
    await expect(attempt).rejects.toEqual(AMBIGUOUS);
  });

  it.each(['accepted', 'in_progress', 'rejected', 'cancelled'] as const)(
    'is not ambiguous because of another order that is %s',
    async (status) => {
      const others = [orderOf('other', { status })];
      expect(await idsOf([link('a')], { others })).toEqual(['a']);
    },
  );

  it('is not ambiguous because of an order that was placed after it was made', async () => {
    const attachments = [link('a', { createdAt: time(10) })];
    const later = [orderOf('other', { createdAt: at(11) })];
    expect(await idsOf(attachments, { others: later })).toEqual(['a']);
    const earlier = [orderOf('other', { createdAt: at(9) })];
    await expect(read(attachments, { others: earlier })).rejects.toEqual(AMBIGUOUS);
  });

  it('is ambiguous if one of several other orders may own it', async () => {
    const others = [OTHER, orderOf('third')];
    const attempt = read([link('b')], { others, stored: ['a'] });
    await expect(attempt).rejects.toEqual(AMBIGUOUS);
  });
});

it('gives each of two orders of a case its own documents, one after the other', async () => {
  const [first, second] = [
    orderOf('other', { createdAt: at(1) }),
    orderOf('ours', { createdAt: at(20) }),
  ];
  const of = (minute: number) => link(`d-${minute}`, { createdAt: time(minute) });
  const stored = await idsOf([of(10)], { order: first });
  expect(stored).toEqual(['d-10']);
  expect(await idsOf([of(10), of(30)], { order: second, others: [first], stored })).toEqual([
    'd-30',
  ]);
});

it('never gives an order a document that is stored for another, whatever the attachments are', async () => {
  const few = fc.constantFrom<unknown>('1', '2', 1, null, '', {}, 'https://example.com/1', 'YWJj');
  const attachment = fc.record(
    { id: few, fileName: few, url: few, content: few, size: few, createdAt: few, sha256: few },
    { requiredKeys: [] },
  );
  const attachments = fc.array(fc.oneof(attachment, anyAnswer), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(attachments, async (list) => {
      const stored = await idsOf(list, { order: OTHER });
      if (stored.length === 0) return;
      expect(await idsOf(list, { others: [OTHER], stored })).toEqual([]);
    }),
  );
});
