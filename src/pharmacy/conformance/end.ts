import type { PharmacyDocument, PharmacyGateway, PharmacyOrder } from '../gateway.ts';
import {
  type ConformanceFinding,
  fail,
  type Outcome,
  ok,
  outcomeOf,
  pause,
  skip,
  skipped,
  UNTIL_TIMEOUT,
  type Verdict,
} from './finding.ts';
import type { PlacedTestOrder } from './placing.ts';

/** How the end of the order is checked. */
export interface EndOptions {
  /** How long the order may take to end and to have its documents, in milliseconds. */
  readonly waitMs: number;
  /** Reads a document as for an order; returns what is wrong with it, as in "is empty". */
  readonly checkDocument: (
    bytes: AsyncIterable<Uint8Array>,
    announced: Pick<PharmacyDocument, 'size' | 'sha256' | 'contentType'> & {
      readonly answeredType: string | undefined;
    },
  ) => Promise<string | undefined>;
  /** Ends all waiting early; an order that was placed is still cancelled. */
  readonly stopping: AbortSignal;
}

/**
 * Waits for the end of an order, downloads its documents, and cancels it, so that it does not stay open.
 *
 * @returns whether the pharmacy itself ended the order.
 */
export async function* checkEnd(
  gateway: PharmacyGateway,
  placed: PlacedTestOrder | { readonly skipped: string },
  options: EndOptions,
): AsyncGenerator<ConformanceFinding, boolean> {
  if ('skipped' in placed) {
    yield* skipped(['completion', 'documents', 'cancel'], placed.skipped);
    return false;
  }
  const { id } = placed;
  const { stopping, waitMs } = options;
  const since = Date.now();
  const isLate = () => stopping.aborted || Date.now() - since >= waitMs;
  let order = await outcomeOf(gateway.get(id, UNTIL_TIMEOUT));
  while (!isLate() && ('fault' in order ? order.fault.retryable : isOpen(order.value))) {
    await pause(stopping);
    order = await outcomeOf(gateway.get(id, UNTIL_TIMEOUT));
  }
  yield { rule: 'completion', ...completion(order, Date.now() - since) };
  let [verdict, again] = await documents(gateway, order, options);
  while (again && !isLate()) {
    await pause(stopping);
    // A fresh read: a link may be valid for a short time only.
    const read = await outcomeOf(gateway.get(id, UNTIL_TIMEOUT));
    [verdict, again] = await documents(gateway, read, options);
  }
  yield { rule: 'documents', ...verdict };
  yield { rule: 'cancel', ...(await cancellation(gateway, id)) };
  return !('fault' in order) && !isOpen(order.value);
}

function completion(order: Outcome<PharmacyOrder>, ms: number): Verdict {
  const seconds = `${(ms / 1_000).toFixed(1)} s`;
  if ('fault' in order) return fail(order.fault.message);
  const { status, reason } = order.value;
  if (isOpen(order.value)) return skip(`still ${status} after ${seconds}: see --wait`);
  if (status === 'completed') return ok(`completed after ${seconds}`);
  return ok(`${status} after ${seconds}: ${reason ?? 'without a reason; give one'}`);
}

/** @returns the verdict, and whether a later attempt may change it. */
async function documents(
  gateway: PharmacyGateway,
  order: Outcome<PharmacyOrder>,
  options: EndOptions,
): Promise<[Verdict, again: boolean]> {
  if ('fault' in order) return [fail(order.fault.message), order.fault.retryable];
  if (order.value.status !== 'completed') return [skip('the order is not completed'), false];
  const { unreadable, documents: offered } = order.value;
  if (unreadable.length > 0) return [fail(`cannot be read: ${unreadable.join(', ')}`), false];
  if (offered.length === 0) return [skip('the order is completed without documents'), true];
  const notes: string[] = [];
  for (const document of offered) {
    const fault = await outcomeOf(documentFault(gateway, document, options));
    if ('fault' in fault) {
      return [fail(`${document.name}: ${fault.fault.message}`), fault.fault.retryable];
    }
    if (fault.value !== undefined) return [fail(`${document.name} ${fault.value}`), false];
    if (document.sha256 === undefined) notes.push(`${document.name} has no sha256: add it`);
  }
  return [ok([`${offered.length} downloaded and checked`, ...notes].join('; ')), false];
}

async function documentFault(
  gateway: PharmacyGateway,
  document: PharmacyDocument,
  { checkDocument }: EndOptions,
): Promise<string | undefined> {
  const { size, sha256, contentType } = document;
  const { bytes, contentType: answeredType } = await gateway.download(document, UNTIL_TIMEOUT);
  return await checkDocument(bytes, { size, sha256, contentType, answeredType });
}

async function cancellation(gateway: PharmacyGateway, id: string): Promise<Verdict> {
  const before = await outcomeOf(gateway.get(id, UNTIL_TIMEOUT));
  if ('fault' in before) return fail(before.fault.message);
  const answer = await outcomeOf(gateway.cancel(id, UNTIL_TIMEOUT));
  if ('fault' in answer) return fail(answer.fault.message);
  const after = await outcomeOf(gateway.get(id, UNTIL_TIMEOUT));
  if ('fault' in after) return fail(after.fault.message);
  const { status } = after.value;
  if (!isOpen(before.value) && status !== before.value.status) {
    return fail(`a cancellation after the end changes ${before.value.status} to ${status}`);
  }
  if (answer.value === 'cancelled') {
    if (status === 'cancelled') return ok('cancels the order, and a read agrees');
    return fail(`answers 200, but a read says ${status}: answer 202 or 409`);
  }
  if (answer.value === 'pending') return ok(`answers 202, and decides later; now ${status}`);
  if (isOpen(after.value)) return ok(`refuses with 409, and the order stays ${status}`);
  return ok(`refuses with 409, because the order is ${status}; see --wait 0s for an open order`);
}

function isOpen({ status }: PharmacyOrder): boolean {
  return status === 'accepted' || status === 'in_progress';
}
