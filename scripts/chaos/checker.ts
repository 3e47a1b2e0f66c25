import type { OrderStatus } from '../../src/contract/order.ts';
import { isEnd, mayBecome } from '../../src/orders/status.ts';
import { eventViolations } from './event-checker.ts';
import type {
  ClientRecord,
  Evidence,
  PharmacyOrder,
  ShownOrder,
  StoredFile,
  Violation,
  ViolationKind,
} from './evidence.ts';

/** Answers to a request that may be sent again: no answer, too busy, too many. */
const COME_AGAIN = [null, 429, 503];
const TEMPORARY = /\.(part|tmp|new)$/;

/** Compares all ledgers with each other. Pure; nothing is found when every promise was kept. */
export function check(evidence: Evidence): Violation[] {
  const found: Violation[] = [];
  const report = (kind: ViolationKind, subject: string, detail: string) => {
    found.push({ kind, subject, detail });
  };
  const shown = new Map(evidence.orders.map((order) => [order.id, order]));
  const atPharmacies = new Map<string, PharmacyOrder[]>();
  for (const placed of evidence.pharmacies) {
    const { reference } = placed;
    atPharmacies.set(reference, [...(atPharmacies.get(reference) ?? []), placed]);
  }
  const files = new Map(evidence.files.map((file) => [idOf(file), file]));
  const clientOf = new Map<string, ClientRecord>();

  for (const client of evidence.clients) {
    const { key, answers } = client;
    const ids = new Set(answers.flatMap(({ orderId }) => orderId ?? []));
    for (const { status, orderId } of answers) {
      if (orderId !== undefined || COME_AGAIN.includes(status)) continue;
      report('answer', key, `was answered with ${status ?? 'nothing'}`);
    }
    if (ids.size === 0) report('unfinished', key, 'was never acknowledged');
    if (ids.size > 1) report('duplicated', key, `has the orders ${[...ids].join(', ')}`);
    const created = answers.filter(({ status, replayed }) => status === 200 && replayed !== true);
    if (created.length > 1) report('duplicated', key, `was created ${created.length} times`);
    for (const id of ids) {
      const other = clientOf.get(id);
      if (other !== undefined) report('lost', key, `was given the order of ${other.key}`);
      clientOf.set(id, client);
    }
  }

  for (const [orderId, client] of clientOf) {
    const order = shown.get(orderId);
    const placed = atPharmacies.get(orderId) ?? [];
    if (placed.length > 1) {
      report('duplicated', orderId, `the pharmacies have it ${placed.length} times`);
    }
    if (order === undefined) {
      report('lost', orderId, 'was acknowledged, and the API does not know it');
      continue;
    }
    checkEnd(order, placed[0], client);
    checkTimeline(order);
    checkDocuments(order, placed[0]);
    found.push(...eventViolations(order, placed[0], evidence.events));
  }

  for (const { reference } of evidence.pharmacies) {
    if (clientOf.has(reference)) continue;
    report('duplicated', reference, 'a pharmacy has it, and no client was told of it');
  }
  const documents = new Set(
    evidence.orders.flatMap((order) => order.documents.map(({ id }) => id)),
  );
  for (const file of evidence.files) {
    if (TEMPORARY.test(file.path)) report('temporary-file', file.path, 'was left');
    else if (!documents.has(idOf(file))) report('document', file.path, 'belongs to no document');
  }
  for (const { genuine, orderId, webhookId } of evidence.events) {
    if (!genuine) report('event-false', webhookId, 'is not signed as it should be');
    else if (!clientOf.has(orderId)) report('event-false', webhookId, `tells of order ${orderId}`);
  }
  if (evidence.outbox > 0) report('outbox', 'outbox', `${evidence.outbox} rows wait`);
  return found;

  function checkEnd(
    { id, status, reasonCode }: ShownOrder,
    placed: PharmacyOrder | undefined,
    { pharmacyId, cancels }: ClientRecord,
  ): void {
    const attention = status === 'NEEDS_ATTENTION';
    if (!isEnd(status) && !attention) return report('unfinished', id, `rests nowhere: ${status}`);
    if (placed === undefined) {
      if (pharmacyId === 'pharmacy-refuses' && status === 'REJECTED') return;
      if (cancels && status === 'CANCELLED') return;
      return report('lost', id, `is ${status}, and no pharmacy has it`);
    }
    if (
      placed.status !== pharmacyStatusFor(status, pharmacyId) ||
      (status === 'CANCELLED' && !cancels)
    ) {
      const why = reasonCode === undefined ? '' : ` (${reasonCode})`;
      report('end', id, `is ${status}${why}, at ${pharmacyId} ${placed.status}`);
    }
  }

  function checkTimeline({ id, status, changes }: ShownOrder): void {
    let at: OrderStatus | undefined;
    for (const { from, to } of changes) {
      const legal = from === undefined ? to === 'ACCEPTED' : mayBecome(from, to);
      if (from !== at) report('timeline', id, `comes from ${from ?? '-'}, was ${at ?? '-'}`);
      else if (!legal) report('timeline', id, `went from ${from ?? '-'} to ${to}`);
      at = to;
    }
    if (at !== status) report('timeline', id, `ends at ${at ?? '-'}, the order is ${status}`);
  }

  function checkDocuments(order: ShownOrder, placed: PharmacyOrder | undefined): void {
    const { id, status } = order;
    const announced = status === 'COMPLETED' ? (placed?.documents ?? []) : [];
    const told = order.documents.map(({ sha256 }) => sha256);
    if (
      told.toSorted().join() !==
      announced
        .map(({ sha256 }) => sha256)
        .toSorted()
        .join()
    ) {
      report('document', id, `shows ${told.length} documents, not those of the pharmacy`);
    }
    for (const document of order.documents) {
      if (files.get(document.id)?.sha256 === document.sha256) continue;
      report('document', id, `document ${document.id} is not stored as it is shown`);
    }
  }
}

/** What the pharmacy must have of an order that has come to rest; undefined: it must not rest so. */
function pharmacyStatusFor(status: OrderStatus, pharmacyId: string): string | undefined {
  switch (status) {
    case 'COMPLETED':
      return 'completed';
    case 'REJECTED':
      return 'rejected';
    case 'CANCELLED':
      return 'cancelled';
    case 'NEEDS_ATTENTION':
      return pharmacyId === 'pharmacy-corrupt' ? 'completed' : undefined;
    default:
      return undefined;
  }
}

/** The id of the document that a file is named after. */
function idOf({ path }: StoredFile): string {
  return path.split('/').at(-1)?.split('.')[0] ?? path;
}
