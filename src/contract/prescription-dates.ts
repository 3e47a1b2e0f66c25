import { isCalendarDate, isLater } from './calendar-date.ts';
import type { FieldError } from './validation.ts';

/**
 * Checks that a prescription is not written or prescribed after it was signed (docs/place-order.md,
 * "Values"). Requests are checked with it, and so are orders that were accepted before requests were.
 *
 * @param order an order, or the `order` of a request; a date that breaks a rule of its own is ignored.
 * @returns the problems in the order of the contract's table.
 */
export function findDateFaults(order: {
  readonly dateWritten?: unknown;
  readonly dateSigned?: unknown;
  readonly datePrescribed?: unknown;
}): FieldError[] {
  const { dateSigned: signed } = order;
  if (!isDate(signed)) return [];
  return (['dateWritten', 'datePrescribed'] as const).flatMap((field) => {
    const date = order[field];
    if (!isDate(date) || !isLater(date, signed)) return [];
    return [{ path: `order.${field}`, field, message: `${field} must not be after dateSigned` }];
  });
}

function isDate(value: unknown): value is string {
  return typeof value === 'string' && isCalendarDate(value);
}
