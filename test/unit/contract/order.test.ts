import { expect, it } from 'vitest';
import { ORDER_STATUSES } from '../../../src/contract/order.ts';

it('names the order statuses as the interface does', () => {
  expect(ORDER_STATUSES.join(' ')).toBe(
    'ACCEPTED PLACING AWAITING_COMPLETION FETCHING_DOCUMENTS COMPLETED REJECTED CANCELLED EXPIRED NEEDS_ATTENTION',
  );
});
