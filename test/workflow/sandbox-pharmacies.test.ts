import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrderView } from '../../src/client.ts';
import { eventually } from '../support/eventually.ts';
import { readStoredDocument } from '../support/stored-document.ts';
import { createWorld, type World } from '../support/world.ts';

interface Row {
  readonly pharmacy: string;
  readonly end: OrderView['status'];
  readonly reasonCode?: string;
  readonly documents: number;
  /** Orders in the pharmacy's ledger. */
  readonly orders: 0 | 1;
}

/** The table of docs/sandbox.md, without the pharmacies that wait for a person. */
const ROWS: Row[] = [
  { pharmacy: 'pharmacy-123', end: 'COMPLETED', documents: 2, orders: 1 },
  { pharmacy: 'pharmacy-slow', end: 'COMPLETED', documents: 2, orders: 1 },
  { pharmacy: 'pharmacy-silent', end: 'COMPLETED', documents: 2, orders: 1 },
  {
    pharmacy: 'pharmacy-refuses',
    end: 'REJECTED',
    reasonCode: 'DRUG_NOT_STOCKED',
    documents: 0,
    orders: 0,
  },
  {
    pharmacy: 'pharmacy-rejects',
    end: 'REJECTED',
    reasonCode: 'PHARMACY_REJECTED',
    documents: 0,
    orders: 1,
  },
  { pharmacy: 'pharmacy-flaky', end: 'COMPLETED', documents: 2, orders: 1 },
  { pharmacy: 'pharmacy-lost-reply', end: 'COMPLETED', documents: 2, orders: 1 },
  { pharmacy: 'pharmacy-early', end: 'COMPLETED', documents: 2, orders: 1 },
  { pharmacy: 'pharmacy-chatty', end: 'COMPLETED', documents: 2, orders: 1 },
  { pharmacy: 'pharmacy-bad-document', end: 'COMPLETED', documents: 2, orders: 1 },
  {
    pharmacy: 'pharmacy-corrupt',
    end: 'NEEDS_ATTENTION',
    reasonCode: 'DOCUMENT_MISMATCH',
    documents: 0,
    orders: 1,
  },
  { pharmacy: 'pharmacy-tracking', end: 'COMPLETED', documents: 2, orders: 1 },
  { pharmacy: 'pharmacy-loose', end: 'COMPLETED', documents: 2, orders: 1 },
  { pharmacy: 'pharmacy-rendering', end: 'COMPLETED', documents: 2, orders: 1 },
  { pharmacy: 'pharmacy-late-documents', end: 'COMPLETED', documents: 2, orders: 1 },
  // With both versions of the prescription.
  { pharmacy: 'pharmacy-corrects', end: 'COMPLETED', documents: 3, orders: 1 },
  { pharmacy: 'pharmacy-files-elsewhere', end: 'COMPLETED', documents: 2, orders: 1 },
  {
    pharmacy: 'pharmacy-contradicts',
    end: 'NEEDS_ATTENTION',
    reasonCode: 'LATE_ANSWER',
    documents: 0,
    orders: 1,
  },
];

let world: World;
const orderIds = new Map<string, string>();

beforeAll(async () => {
  world = await createWorld({ pollInitialMs: 1_500, pollMaxMs: 1_500, graceMs: 10_000 });
  // On a busy machine the first end, or the first version, must be read before it changes.
  const configure = (pharmacy: string, change: object) =>
    world.simulator.control('POST', `pharmacies/${pharmacy}`, change);
  await configure('pharmacy-contradicts', { contradictAfterMs: 4_000 });
  await configure('pharmacy-corrects', {
    offersLater: [{ afterMs: 4_000, offers: 'corrected' }],
  });
  for (const { pharmacy } of ROWS) orderIds.set(pharmacy, await world.place(pharmacy));
});
afterAll(() => world.close());

describe.each(ROWS)('an order at $pharmacy', ({ pharmacy, end, reasonCode, documents, orders }) => {
  it(`ends ${end}, with ${orders} order in the pharmacy's ledger`, {
    timeout: 60_000,
  }, async () => {
    const orderId = orderIds.get(pharmacy) ?? '';
    const order = await eventually(`${documents} documents`, async () => {
      const found = await world.reach(orderId, end);
      return found.documents.length === documents && found;
    });
    expect(order.reasonCode).toBe(reasonCode);
    expect(order.documents).toHaveLength(documents);
    for (const document of order.documents) {
      const { documentsDir } = world.worker;
      const place = { orderId, documentId: document.id };
      const bytes = await readStoredDocument(world.db.database, documentsDir, place);
      expect(bytes.length).toBe(document.size);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(document.sha256);
    }
    const ledger = await world.simulator.ledgerOf(orderId);
    expect(ledger).toHaveLength(orders);
  });
});

it('shows the pharmacy’s explanation of a refusal to the organization', async () => {
  const order = await world.reach(orderIds.get('pharmacy-refuses') ?? '', 'REJECTED');
  expect(order.reason).toMatch(/not stocked/);
});

it('shows the tracking number that came before the completion', async () => {
  const order = await world.reach(orderIds.get('pharmacy-tracking') ?? '', 'COMPLETED');
  expect(order.shipments).toHaveLength(1);
});

it('shows a tracking number of more digits than a double has', async () => {
  const orderId = orderIds.get('pharmacy-loose') ?? '';
  const [entry] = await world.simulator.ledgerOf(orderId);
  const order = await world.reach(orderId, 'COMPLETED');
  expect(order.shipments).toMatchObject([{ trackingId: entry?.trackingId }]);
  expect(entry?.trackingId).toMatch(/^\d{22}$/);
});

it('keeps both versions of a document that changed, and marks the one that was withdrawn', async () => {
  const orderId = orderIds.get('pharmacy-corrects') ?? '';
  const documents = await eventually('the withdrawal', async () => {
    const order = await world.reach(orderId, 'COMPLETED');
    return order.documents.some(({ deletedAt }) => deletedAt !== undefined) && order.documents;
  });
  const names = documents.map(({ name, version }) => `${name} ${version}`).sort();
  expect(names).toEqual(['dispensing-label.pdf 1', 'prescription.pdf 1', 'prescription.pdf 2']);
});

it('reduces a document’s name to its last part, so that nobody uses it as a path', async () => {
  const { documents } = await world.reach(orderIds.get('pharmacy-chatty') ?? '', 'COMPLETED');
  expect(documents.map((document) => document.name)).toContainEqual(
    expect.stringMatching(/^[^/\\]*label[^/\\]*$/),
  );
});

it('waits for a pharmacy that is down and completes once it is up', {
  timeout: 60_000,
}, async () => {
  const orderId = await world.place('pharmacy-down');
  await world.reach(orderId, 'PLACING');
  await world.simulator.control('POST', 'pharmacies/pharmacy-down', { up: true });
  await world.reach(orderId, 'COMPLETED');
  expect(await world.simulator.ledgerOf(orderId)).toHaveLength(1);
});

it.each([
  ['completed', 'COMPLETED'],
  ['rejected', 'REJECTED'],
  ['cancelled', 'CANCELLED'],
] as const)('follows pharmacy-manual to %s', async (to, status) => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'in_progress' });
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to });
  await world.reach(orderId, status);
});
