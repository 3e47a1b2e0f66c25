import { expect, it } from 'vitest';
import { check } from '../../../../scripts/chaos/checker.ts';
import type { Evidence, ShownOrder, ViolationKind } from '../../../../scripts/chaos/evidence.ts';
import {
  BYTES,
  client,
  DOCUMENT,
  event,
  events,
  kept,
  ORDER,
  shown,
  withClient,
  withOrder,
  withPlaced,
} from './kept-promises.ts';

/* What the checker makes of documents that change and pharmacies that contradict themselves. */

const CORRECTED = 'c'.repeat(64);
const LABEL = 'd'.repeat(64);
/** The document was changed under its id, and a second one was withdrawn. */
const changed: Evidence = {
  ...kept,
  ...withPlaced({
    documents: [
      { sha256: BYTES, state: 'superseded' },
      { sha256: CORRECTED, state: 'current' },
      { sha256: LABEL, state: 'withdrawn' },
    ],
  }),
  ...withOrder({
    documents: [
      { id: DOCUMENT, sha256: BYTES },
      { id: 'version-2', sha256: CORRECTED, supersedes: DOCUMENT },
      { id: 'label', sha256: LABEL, deletedAt: '2026-11-26T00:00:00.000Z' },
    ],
  }),
  files: [
    ...kept.files,
    { path: `${ORDER}/version-2.pdf`, sha256: CORRECTED },
    { path: `${ORDER}/label.pdf`, sha256: LABEL },
  ],
  events: [
    ...events,
    event(5, 'ADD_CASE_ATTACHMENT', { sha256: LABEL }),
    event(6, 'ADD_CASE_ATTACHMENT', { sha256: CORRECTED }),
    event(7, 'DELETE_ATTACHMENT', { sha256: LABEL }),
  ],
};
const [original, version, label] = changed.orders[0]!.documents as [
  Document,
  Document,
  Required<Document>,
];
type Document = ShownOrder['documents'][number];

it('accepts the versions and the withdrawals of documents', () => {
  expect(check(changed)).toEqual([]);
});

it('accepts that a worker which was down missed the former documents', () => {
  const documents = [{ id: DOCUMENT, sha256: CORRECTED }];
  const files = [{ path: `${ORDER}/${DOCUMENT}.pdf`, sha256: CORRECTED }];
  const received = [
    ...events.filter(({ event: name }) => name !== 'ADD_CASE_ATTACHMENT'),
    event(3, 'ADD_CASE_ATTACHMENT', { sha256: CORRECTED }),
  ];
  expect(check({ ...changed, ...withOrder({ documents }), files, events: received })).toEqual([]);
});

it.each<[string, ViolationKind, Partial<Evidence>]>([
  [
    'a change that was missed',
    'document',
    { ...withOrder({ documents: [original, label] }), files: [kept.files[0]!] },
  ],
  [
    'a withdrawal that was missed',
    'document',
    withOrder({ documents: [original, version, { ...label, deletedAt: undefined }] }),
  ],
  [
    'a withdrawal that never was',
    'document',
    withOrder({ documents: [original, { ...version, deletedAt: label.deletedAt }, label] }),
  ],
  [
    'a new version that replaces nothing',
    'document',
    withOrder({ documents: [original, { ...version, supersedes: undefined }, label] }),
  ],
  [
    'a version that was stored twice',
    'document',
    withOrder({
      documents: [original, version, { id: 'v3', sha256: CORRECTED, supersedes: 'version-2' }],
    }),
  ],
  ['a version without its file', 'document', { files: changed.files.slice(0, 1) }],
  [
    'a version that was not announced',
    'event-missing',
    { events: changed.events.filter(({ sha256 }) => sha256 !== CORRECTED) },
  ],
  [
    'a withdrawal that was not announced',
    'event-missing',
    { events: changed.events.filter(({ event: name }) => name !== 'DELETE_ATTACHMENT') },
  ],
  [
    'a withdrawal that was announced twice',
    'event-false',
    { events: [...changed.events, event(8, 'DELETE_ATTACHMENT', { sha256: LABEL })] },
  ],
])('finds, after changes of documents, %s', (_, kind, changes) => {
  expect([...new Set(check({ ...changed, ...changes }).map((one) => one.kind))]).toContain(kind);
});

it('waits for a pharmacy that has not finished with an order', () => {
  const found = check({ ...kept, ...withPlaced({ pending: 1 }) });
  expect(found.map(({ kind }) => kind)).toEqual(['unfinished']);
});

/** An order that its pharmacy rejected first and completed later. */
const contradicted: Evidence = {
  ...kept,
  ...withClient({ pharmacyId: 'pharmacy-contradicts' }),
  ...withPlaced({ trackingId: undefined }),
  ...withOrder({
    status: 'NEEDS_ATTENTION',
    reasonCode: 'LATE_ANSWER',
    documents: [],
    changes: [
      ...shown.changes.slice(0, 3),
      { from: 'AWAITING_COMPLETION', to: 'REJECTED' },
      { from: 'REJECTED', to: 'NEEDS_ATTENTION' },
    ],
  }),
  files: [],
  events: [
    events[0]!,
    event(2, 'ORDER_STATUS_CHANGED', { status: 'REJECTED' }),
    event(3, 'ORDER_STATUS_CHANGED', { status: 'NEEDS_ATTENTION' }),
  ],
};

it('accepts that an order waits for an operator after a contradiction, or never met the first end', () => {
  expect(check(contradicted)).toEqual([]);
  const { clients } = contradicted;
  expect(check({ ...kept, clients })).toEqual([]);
});

it.each<[string, ViolationKind, Partial<Evidence>]>([
  [
    'a contradiction that was missed',
    'end',
    {
      orders: [
        {
          ...contradicted.orders[0]!,
          status: 'REJECTED',
          changes: contradicted.orders[0]!.changes.slice(0, -1),
        },
      ],
    },
  ],
  [
    'a contradiction that was not announced',
    'event-missing',
    { events: contradicted.events.slice(0, -1) },
  ],
  ['another reason', 'end', { orders: [{ ...contradicted.orders[0]!, reasonCode: 'INTERNAL' }] }],
  [
    'a contradiction where there was no end',
    'end',
    {
      orders: [
        {
          ...contradicted.orders[0]!,
          changes: [
            ...shown.changes.slice(0, 3),
            { from: 'AWAITING_COMPLETION', to: 'NEEDS_ATTENTION' },
          ],
        },
      ],
    },
  ],
  ['a contradiction by another pharmacy', 'timeline', { clients: [client] }],
  [
    'documents of an order that waits for an operator',
    'document',
    {
      orders: [{ ...contradicted.orders[0]!, documents: [original] }],
      files: kept.files,
    },
  ],
])('finds, after a contradiction, %s', (_, kind, changes) => {
  expect([...new Set(check({ ...contradicted, ...changes }).map((one) => one.kind))]).toContain(
    kind,
  );
});
