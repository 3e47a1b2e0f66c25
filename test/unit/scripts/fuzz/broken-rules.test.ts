import { expect, it } from 'vitest';
import { brokenRules } from '../../../support/broken-rules.ts';
import {
  breakagesOf,
  CONTRACT,
  fullRequest,
  pathText,
  withValue,
} from '../../contract/contract-table.ts';

// The fuzz run checks accepted orders with this function, so it must find each fault that the contract names.

const BREAKAGES = CONTRACT.filter(({ path }) => path[0] === 'order' && path.length > 1)
  .flatMap(breakagesOf)
  .filter(({ row, value }) => row.required || (value !== null && value !== undefined));

it('finds no fault in an order with every field', () => {
  expect(brokenRules(fullRequest().order)).toEqual([]);
});

it.each(BREAKAGES)('finds %#: $message', ({ row, value }) => {
  const { order } = withValue(fullRequest(), row.path, value) as { order: unknown };

  expect(brokenRules(order)).toContain(row.path.join('.'));
});

it('checks every item, not only the first', () => {
  const request = fullRequest();
  const items = [...request.order.prescriptionItems, { drugId: 'x', quantity: 7 }];
  const path = pathText(['order', 'prescriptionItems', items.length - 1, 'quantity']);

  expect(brokenRules({ ...request.order, prescriptionItems: items })).toEqual([
    path.replaceAll('[', '.').replaceAll(']', ''),
  ]);
});
