import type { PharmacyGateway, PharmacyOrder } from '../gateway.ts';
import type { CallFault } from './explain-fault.ts';
import {
  type ConformanceFinding,
  fail,
  type Outcome,
  ok,
  outcomeOf,
  skip,
  skipped,
  UNTIL_TIMEOUT,
  type Verdict,
} from './finding.ts';
import { newTestReference } from './test-order.ts';

/**
 * Checks who may read at the pharmacy, and what it answers about orders that it does not have.
 *
 * @param intruder a gateway to the same pharmacy with a token that it never issued.
 * @returns whether the pharmacy answers us as the protocol says, so that an order may be placed.
 */
export async function* checkAccess(
  gateway: PharmacyGateway,
  intruder: PharmacyGateway,
): AsyncGenerator<ConformanceFinding, boolean> {
  const since = performance.now();
  const found = await outcomeOf(gateway.findByReference(newTestReference(), UNTIL_TIMEOUT));
  const latency = `${Math.round(performance.now() - since)} ms`;
  if ('fault' in found && !found.fault.answered) {
    yield { rule: 'reachable', ...fail(`${found.fault.message} (${found.fault.code})`) };
    yield* skipped(['authorized', 'refuses-wrong-token'], 'the pharmacy is unreachable');
    yield* skipped(['unknown-reference', 'unknown-order'], 'the pharmacy is unreachable');
    return false;
  }
  yield { rule: 'reachable', ...ok(`answered in ${latency}`) };

  const refused = 'fault' in found && isRefusal(found.fault);
  yield { rule: 'authorized', ...authorized(found) };

  const foreign = await outcomeOf(intruder.findByReference(newTestReference(), UNTIL_TIMEOUT));
  yield { rule: 'refuses-wrong-token', ...refusesWrongToken(foreign) };

  if (refused) {
    yield* skipped(['unknown-reference', 'unknown-order'], 'the pharmacy refuses our token');
    return false;
  }
  if (gateway.hasReferences) {
    yield { rule: 'unknown-reference', ...unknownReference(found) };
    const read = await outcomeOf(gateway.get(newTestReference(), UNTIL_TIMEOUT));
    yield { rule: 'unknown-order', ...unknownOrder(read) };
  } else {
    yield* skipped(['unknown-reference', 'unknown-order'], 'this protocol has no references');
  }
  return !('fault' in found);
}

function authorized(found: Outcome<unknown>): Verdict {
  if (!('fault' in found)) return ok('accepts our token');
  return isRefusal(found.fault)
    ? fail(found.fault.message)
    : skip(`the answer does not show it: ${found.fault.message}`);
}

function refusesWrongToken(foreign: Outcome<unknown>): Verdict {
  if (!('fault' in foreign)) {
    return fail('answers a request with a wrong token: answer 401 before anything else');
  }
  return isRefusal(foreign.fault)
    ? ok(`answers ${foreign.fault.status}`)
    : skip(`the answer does not show it: ${foreign.fault.message}`);
}

function unknownReference(found: Outcome<PharmacyOrder | undefined>): Verdict {
  if ('fault' in found) return fail(`for a new reference: ${found.fault.message}`);
  if (found.value === undefined) return ok('answers 404 or an empty list');
  return fail(`returns order ${found.value.id} for a reference that it never got: answer 404`);
}

function unknownOrder(read: Outcome<PharmacyOrder>): Verdict {
  if (!('fault' in read)) return fail('returns an order for an id that it never gave: answer 404');
  return read.fault.status === 404
    ? ok('answers 404')
    : fail(`for an id that it never gave: ${read.fault.message}; answer 404`);
}

function isRefusal({ status }: CallFault): boolean {
  return status === 401 || status === 403;
}
