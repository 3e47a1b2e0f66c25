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

/** The answers after which a client may retry: none, too many requests, unavailable. */
const RETRYABLE = [null, 429, 503];
const TEMPORARY = /\.(part|tmp|new)$/;

/** Compares all ledgers with each other. Pure. Finds nothing when the system kept every promise. */
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
      if (orderId !== undefined || RETRYABLE.includes(status)) continue;
      report('answer', key, `was answered with ${status ?? 'nothing'}`);
    }
    if (ids.size === 0) report('unfinished', key, 'was never acknowledged');
    if (ids.size > 1) report('duplicated', key, `has the orders ${[...ids].join(', ')}`);
    const created = answers.filter(({ status, replayed }) => status === 200 && replayed !== true);
    if (created.length > 1) report('duplicated', key, `was created ${created.length} times`);
    for (const id of ids) {
      const other = clientOf.get(id);
      if (other !== undefined) report('lost', key, `got the order of ${other.key}`);
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
      report('lost', orderId, 'was acknowledged, but the API does not have it');
      continue;
    }
    checkEnd(order, placed[0], client);
    checkTimeline(order);
    checkDocuments(order, placed[0]);
    found.push(...eventViolations(order, placed[0], evidence.events));
  }

  for (const { reference } of evidence.pharmacies) {
    if (clientOf.has(reference)) continue;
    report('duplicated', reference, 'a pharmacy has it, but no client got its id');
  }
  const documents = new Set(
    evidence.orders.flatMap((order) => order.documents.map(({ id }) => id)),
  );
  for (const file of evidence.files) {
    if (TEMPORARY.test(file.path)) report('temporary-file', file.path, 'was left behind');
    else if (!documents.has(idOf(file))) report('document', file.path, 'belongs to no document');
  }
  for (const { genuine, orderId, webhookId } of evidence.events) {
    if (!genuine) report('event-false', webhookId, 'has a wrong signature');
    else if (!clientOf.has(orderId))
      report('event-false', webhookId, `is about the unknown order ${orderId}`);
  }
  if (evidence.outbox > 0) report('outbox', 'outbox', `${evidence.outbox} rows are left`);
  return found;

  function checkEnd(
    { id, status, reasonCode }: ShownOrder,
    placed: PharmacyOrder | undefined,
    { pharmacyId, cancels }: ClientRecord,
  ): void {
    const attention = status === 'NEEDS_ATTENTION';
    if (!isEnd(status) && !attention) return report('unfinished', id, `is still ${status}`);
    if (placed === undefined) {
      if (pharmacyId === 'pharmacy-refuses' && status === 'REJECTED') return;
      if (cancels && status === 'CANCELLED') return;
      return report('lost', id, `is ${status}, but no pharmacy has it`);
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
      if (from !== at) report('timeline', id, `changes from ${from ?? '-'}, but was ${at ?? '-'}`);
      else if (!legal) report('timeline', id, `went from ${from ?? '-'} to ${to}`);
      at = to;
    }
    if (at !== status) report('timeline', id, `ends at ${at ?? '-'}, the order is ${status}`);
  }

  function checkDocuments(order: ShownOrder, placed: PharmacyOrder | undefined): void {
    const { id, status } = order;
    const announced = status === 'COMPLETED' ? (placed?.documents ?? []) : [];
    const shown = order.documents.map(({ sha256 }) => sha256);
    if (
      shown.toSorted().join() !==
      announced
        .map(({ sha256 }) => sha256)
        .toSorted()
        .join()
    ) {
      report('document', id, `shows ${shown.length} documents that differ from the pharmacy's`);
    }
    for (const document of order.documents) {
      if (files.get(document.id)?.sha256 === document.sha256) continue;
      report('document', id, `document ${document.id} is stored with another hash than shown`);
    }
  }
}

/** The status that the pharmacy must have for an order in this final status; undefined: the status is wrong. */
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

/** The id of a file's document, from the file's name. */
function idOf({ path }: StoredFile): string {
  return path.split('/').at(-1)?.split('.')[0] ?? path;
}
