import { readNewestAuditRows } from '../../src/audit/audit-rows.ts';
import { listWaitingOrders, readQueueFacets } from '../../src/operators/attention-queue.ts';
import { readChangeMark } from '../../src/operators/change-mark.ts';
import { findOrders } from '../../src/operators/find-orders.ts';
import { listEndpointsForOperators } from '../../src/operators/list-endpoints.ts';
import { listOrderMessages } from '../../src/operators/order-messages.ts';
import { readOverview } from '../../src/operators/overview.ts';
import { readPharmacyCounts, readPharmacyHealth } from '../../src/operators/pharmacy-health.ts';
import { listUnmatchedMessages } from '../../src/orders/repairs/link-message.ts';
import type { Database } from '../../src/storage/database.ts';
import { FILLED } from './fill-database.ts';

const HASH_SECRET = 'a secret of the tests, of no other use';
const { organizationId, endpointId, pharmacyId, rarePharmacyId, caseId } = FILLED;

/** The lists of the operators' console, with common and rare values of their filters. */
export function consoleLists(
  operator: Database,
  { orderId, middle }: { readonly orderId: string; readonly middle: Date },
): { readonly name: string; readonly isOfDay?: boolean; run(): Promise<unknown> }[] {
  const { operator: name } = FILLED;
  const queues = [
    ...[{}, { organizationId }, { pharmacyId: rarePharmacyId }, { orderId }],
    { reasonCode: 'PHARMACY_UNKNOWN' },
  ];
  const rows = [
    ...[{}, { caseId }, { caseId: 'no-case' }, { operator: name }, { operator: 'nobody' }],
    ...[
      { orderId },
      { since: middle },
      { until: middle },
      { caseId, since: middle, until: middle },
    ],
    ...[
      { operator: name, since: middle },
      { operator: name, until: middle },
      { caseId, operator: name },
    ],
  ];
  return [
    { name: 'console overview', isOfDay: true, run: () => readOverview(operator) },
    ...queues.map((filter) => ({
      name: `console queue ${Object.keys(filter).join(' ')}`,
      run: () => listWaitingOrders(operator, { ...filter, limit: 101 }),
    })),
    { name: 'console queue, values', run: () => readQueueFacets(operator) },
    ...[orderId, 'no-order', caseId, 'at-pharmacy-3'].map((text) => ({
      name: `console search ${text === orderId ? 'of an order' : text}`,
      run: () => findOrders(operator, HASH_SECRET, text),
    })),
    ...rows.map((filter) => ({
      name: `console audit ${Object.keys(filter).join(' ')}`,
      run: () => readNewestAuditRows(operator, { ...filter, limit: 101 }),
    })),
    ...[{}, { organizationId }, { unhealthy: true }, { endpointId }].map((filter) => ({
      name: `console endpoints ${Object.keys(filter).join(' ')}`,
      run: () => listEndpointsForOperators(operator, { ...filter, limit: 100 }),
    })),
    ...[{}, { pharmacyId }].map((filter) => ({
      name: `console messages ${Object.keys(filter).join(' ')}`,
      run: () => listUnmatchedMessages(operator, { ...filter, limit: 100 }),
    })),
    { name: 'console messages of an order', run: () => listOrderMessages(operator, orderId) },
    { name: 'console pharmacies', run: () => readPharmacyHealth(operator) },
    { name: 'console pharmacy', run: () => readPharmacyCounts(operator, pharmacyId) },
    { name: 'console live changes', run: () => readChangeMark(operator) },
  ];
}
