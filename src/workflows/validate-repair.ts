import { ApplicationFailure } from '@temporalio/workflow';
import type { OrderStatus } from '../contract/order.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What each field may look like, and the same in words. */
const FIELDS: Readonly<Record<string, readonly [RegExp, string]>> = {
  repairId: [UUID, 'a UUID'],
  // A name without spaces: no place for free text.
  by: [/^[\w.@+-]{1,64}$/, '1 to 64 letters, digits, "_", ".", "@", "+" or "-"'],
  // As the protocols' ids; no control characters.
  pharmacyOrderId: [/^[^\p{Cc}]{1,255}$/u, '1 to 255 characters on one line'],
};

const ENDS: readonly OrderStatus[] = ['COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED'];

/**
 * Validates an update: synchronous and without effects, so that a refused one leaves no event. Its
 * words name fields, never what stood in them.
 *
 * @throws {ApplicationFailure} `INVALID_REPAIR`, or `WRONG_STATUS` for an order that is not to be
 *   repaired that way.
 */
export function validateRepair(
  kind: 'retry' | 'cancel',
  status: OrderStatus,
  request: unknown = {},
): void {
  const fault = findFault(kind, request);
  if (fault !== undefined) throw ApplicationFailure.nonRetryable(fault, 'INVALID_REPAIR');
  const wrong = kind === 'retry' ? status !== 'NEEDS_ATTENTION' : ENDS.includes(status);
  if (!wrong) return;
  const only =
    kind === 'retry' ? 'only one that is NEEDS_ATTENTION can be retried' : 'it has ended';
  throw ApplicationFailure.nonRetryable(`the order is ${status}; ${only}`, 'WRONG_STATUS');
}

function findFault(kind: 'retry' | 'cancel', request: unknown): string | undefined {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return `the input must be nothing or an object, such as {"by":"anna"}`;
  }
  const fields = kind === 'retry' ? Object.keys(FIELDS) : ['repairId', 'by'];
  for (const [name, value] of Object.entries(request)) {
    const rule = fields.includes(name) ? FIELDS[name] : undefined;
    if (rule === undefined) return `the input may have ${fields.join(', ')} and nothing else`;
    if (typeof value !== 'string' || !rule[0].test(value)) return `${name} must be ${rule[1]}`;
  }
  if ('repairId' in request && Object.keys(request).length > 1) {
    return 'with repairId nothing else may be given';
  }
  return undefined;
}
