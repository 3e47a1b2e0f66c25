import type { PharmacyGateway, PharmacyOrder, PharmacyOrderRequest } from '../gateway.ts';
import {
  type ConformanceFinding,
  fail,
  type Outcome,
  ok,
  outcomeOf,
  skipped,
  UNTIL_TIMEOUT,
  type Verdict,
} from './finding.ts';

/** An order that the pharmacy has. */
export interface PlacedTestOrder {
  readonly reference: string;
  readonly id: string;
}

/**
 * Places an order twice, and finds it.
 *
 * @returns the placed order; or why there is none.
 */
export async function* checkPlacing(
  gateway: PharmacyGateway,
  request: PharmacyOrderRequest | { readonly skipped: string },
): AsyncGenerator<ConformanceFinding, PlacedTestOrder | { readonly skipped: string }> {
  const others = ['place-again', 'find-by-reference', 'read-by-id'] as const;
  if ('skipped' in request) {
    yield* skipped(['place', ...others], request.skipped);
    return request;
  }
  const { reference } = request;
  const first = await outcomeOf(gateway.place(request, UNTIL_TIMEOUT));
  const placed = await placedBy(gateway, reference, first);
  yield { rule: 'place', ...placing(first, reference) };
  if (placed === undefined) {
    yield* skipped(others, NO_ORDER.skipped);
    return NO_ORDER;
  }
  const { id } = placed;

  const again = await outcomeOf(placeAgain(gateway, request));
  yield {
    rule: 'place-again',
    ...sameOrder(again, id, 'a repeated POST', 'returns the same order'),
  };
  const found = await outcomeOf(gateway.findByReference(reference, UNTIL_TIMEOUT));
  yield {
    rule: 'find-by-reference',
    ...sameOrder(found, id, 'GET /orders?reference=…', 'returns the order'),
  };
  const read = await outcomeOf(gateway.get(id, UNTIL_TIMEOUT));
  yield { rule: 'read-by-id', ...sameOrder(read, id, 'GET /orders/:id', 'returns the order') };
  return { reference, id };
}

const NO_ORDER = { skipped: 'no order was placed' };

function placing(first: Outcome<PharmacyOrder | 'exists'>, reference: string): Verdict {
  if ('fault' in first) {
    const { status, retryable, message } = first.fault;
    if (status === 422) return fail(`${message}; choose a drug that it has with --drug`);
    if (!retryable) return fail(message);
    return fail(`${message}; it may still have the order: its reference is ${reference}`);
  }
  if (first.value === 'exists') {
    return fail('answers 409 for a reference that it never got: answer 201');
  }
  const { id, status } = first.value;
  return ok(`has order ${id}, ${status}; our reference is ${reference}`);
}

/** The order of a POST. After an answer that leaves it open, the order is searched, so that it is cancelled. */
async function placedBy(
  gateway: PharmacyGateway,
  reference: string,
  first: Outcome<PharmacyOrder | 'exists'>,
): Promise<PharmacyOrder | undefined> {
  if ('fault' in first && first.fault.status === 422) return undefined;
  if ('value' in first && first.value !== 'exists') return first.value;
  const found = await outcomeOf(gateway.findByReference(reference, UNTIL_TIMEOUT));
  return 'fault' in found ? undefined : found.value;
}

async function placeAgain(
  gateway: PharmacyGateway,
  request: PharmacyOrderRequest,
): Promise<PharmacyOrder | undefined> {
  const answer = await gateway.place(request, UNTIL_TIMEOUT);
  if (answer !== 'exists') return answer;
  return await gateway.findByReference(request.reference, UNTIL_TIMEOUT);
}

function sameOrder(
  outcome: Outcome<PharmacyOrder | undefined>,
  id: string,
  call: string,
  success: string,
): Verdict {
  if ('fault' in outcome) return fail(`${call}: ${outcome.fault.message}`);
  const { value } = outcome;
  if (value === undefined) return fail(`${call} does not find the order that it has just accepted`);
  if (value.id !== id) return fail(`${call} gives order ${value.id}, not ${id}: never create two`);
  return ok(value.reference === undefined ? `${success}, without its reference: add it` : success);
}
