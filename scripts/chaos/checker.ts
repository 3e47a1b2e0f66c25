import type { OrderStatus } from '../../src/contract/order.ts';
import { LATE_ANSWER } from '../../src/orders/late-news.ts';
import { isEnd, mayBecome } from '../../src/orders/status.ts';
import { documentViolations } from './document-checker.ts';
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
/** The pharmacies that contradict their own end. */
const CONTRADICTING = ['pharmacy-contradicts'];
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
  const files = new Map(evidence.files.map((file) => [idOf(file), file.sha256]));
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
    checkTimeline(order, client);
    found.push(...documentViolations(order, placed[0], files));
    found.push(...eventViolations(order, placed[0], evidence.events));
  }

  for (const { reference, pending } of evidence.pharmacies) {
    if (pending > 0) {
      report('unfinished', reference, `its pharmacy has ${pending} steps or webhooks left`);
    }
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
    order: ShownOrder,
    placed: PharmacyOrder | undefined,
    { pharmacyId, cancels }: ClientRecord,
  ): void {
    const { id, status, reasonCode } = order;
    const attention = status === 'NEEDS_ATTENTION';
    if (!isEnd(status) && !attention) return report('unfinished', id, `is still ${status}`);
    if (placed === undefined) {
      if (pharmacyId === 'pharmacy-refuses' && status === 'REJECTED') return;
      if (cancels && status === 'CANCELLED') return;
      return report('lost', id, `is ${status}, but no pharmacy has it`);
    }
    if (
      placed.status !== pharmacyStatusFor(order, pharmacyId) ||
      (status === 'CANCELLED' && !cancels)
    ) {
      const why = reasonCode === undefined ? '' : ` (${reasonCode})`;
      report('end', id, `is ${status}${why}, at ${pharmacyId} ${placed.status}`);
    }
  }

  function checkTimeline({ id, status, changes }: ShownOrder, { pharmacyId }: ClientRecord): void {
    let at: OrderStatus | undefined;
    for (const { from, to } of changes) {
      const legal =
        from === undefined
          ? to === 'ACCEPTED'
          : mayBecome(from, to) ||
            (isContradiction(from, to) && CONTRADICTING.includes(pharmacyId));
      if (from !== at) report('timeline', id, `changes from ${from ?? '-'}, but was ${at ?? '-'}`);
      else if (!legal) report('timeline', id, `went from ${from ?? '-'} to ${to}`);
      at = to;
    }
    if (at !== status) report('timeline', id, `ends at ${at ?? '-'}, the order is ${status}`);
  }
}

/**
 * The status that the pharmacy must have for an order in its final status; undefined: the status is wrong.
 * An order needs attention only if its document is corrupt, or if its pharmacy contradicted its end.
 */
function pharmacyStatusFor(
  { status, reasonCode, changes }: ShownOrder,
  pharmacyId: string,
): string | undefined {
  switch (status) {
    case 'COMPLETED':
      return 'completed';
    case 'REJECTED':
      return 'rejected';
    case 'CANCELLED':
      return 'cancelled';
    case 'NEEDS_ATTENTION': {
      const { from, to } = changes.at(-1) ?? {};
      const isContradicted =
        CONTRADICTING.includes(pharmacyId) &&
        reasonCode === LATE_ANSWER &&
        isContradiction(from, to);
      return pharmacyId === 'pharmacy-corrupt' || isContradicted ? 'completed' : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether a change reopens an order that its pharmacy had rejected or cancelled. */
function isContradiction(from: OrderStatus | undefined, to: OrderStatus | undefined): boolean {
  return (from === 'REJECTED' || from === 'CANCELLED') && to === 'NEEDS_ATTENTION';
}

/** The id of a file's document, from the file's name. */
function idOf({ path }: StoredFile): string {
  return path.split('/').at(-1)?.split('.')[0] ?? path;
}
