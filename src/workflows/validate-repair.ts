import { ApplicationFailure } from '@temporalio/workflow';
import type { OrderStatus } from '../contract/order.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The format of each field, and its description. */
const FIELDS: Readonly<Record<string, readonly [RegExp, string]>> = {
  repairId: [UUID, 'a UUID'],
  // No spaces, so that no free text fits in.
  by: [/^[\w.@+-]{1,64}$/, '1 to 64 letters, digits, "_", ".", "@", "+" or "-"'],
  // As long as the pharmacy protocols allow; no control characters.
  pharmacyOrderId: [/^[^\p{Cc}]{1,255}$/u, '1 to 255 characters on one line'],
};

const ENDS: readonly OrderStatus[] = ['COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED'];

/**
 * The validator of the updates `retry` and `cancel`. A rejected update leaves no event in the history.
 * The messages name fields, never their values.
 *
 * @throws {ApplicationFailure} `INVALID_REPAIR` for a malformed input; `WRONG_STATUS` if the order's
 *   status does not allow the update.
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
    kind === 'retry' ? 'only an order in NEEDS_ATTENTION can be retried' : 'it has ended';
  throw ApplicationFailure.nonRetryable(`the order is ${status}; ${only}`, 'WRONG_STATUS');
}

function findFault(kind: 'retry' | 'cancel', request: unknown): string | undefined {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return `the input must be empty or an object such as {"by":"anna"}`;
  }
  const fields = kind === 'retry' ? Object.keys(FIELDS) : ['repairId', 'by'];
  for (const [name, value] of Object.entries(request)) {
    const rule = fields.includes(name) ? FIELDS[name] : undefined;
    if (rule === undefined) return `the input may only contain ${fields.join(', ')}`;
    if (typeof value !== 'string' || !rule[0].test(value)) return `${name} must be ${rule[1]}`;
  }
  if ('repairId' in request && Object.keys(request).length > 1) {
    return 'repairId excludes all other fields';
  }
  return undefined;
}
