import { allAuditRows, readAuditRows } from '../../src/audit/audit-rows.ts';
import { sealAuditLog } from '../../src/audit/seal-audit-log.ts';
import { readCaseDetail } from '../../src/cases/customer-case-detail.ts';
import { caseOrdersQuery, eventsQuery, ordersQuery } from '../../src/contract/order-query.ts';
import { deliveriesQuery } from '../../src/contract/webhook-delivery.ts';
import { leaseRows } from '../../src/engine/outbox.ts';
import { sweepBatch } from '../../src/engine/sweep.ts';
import { sweepNews } from '../../src/engine/sweep-news.ts';
import {
  handOverFailing,
  leaseDeliveries,
} from '../../src/notifications/deliveries/lease-deliveries.ts';
import {
  cancelForDeletedEndpoints,
  queueOverdueStarts,
  takeStarts,
} from '../../src/notifications/deliveries/workflow-starts.ts';
import { listDeliveries } from '../../src/notifications/endpoints/list-deliveries.ts';
import { listEndpoints } from '../../src/notifications/endpoints/read-endpoints.ts';
import { listEvents } from '../../src/notifications/events/list-events.ts';
import { readBacklogs } from '../../src/operators/backlogs.ts';
import { readFigures } from '../../src/operators/figures.ts';
import { listOrdersForOperators, readOrderForOperators } from '../../src/operators/list-orders.ts';
import { listOrderEvents } from '../../src/operators/order-events.ts';
import { retryMessages } from '../../src/orders/inbox.ts';
import { listActivity, listOrders } from '../../src/orders/list-orders.ts';
import { readLinkedDocument, readOrder } from '../../src/orders/read-order.ts';
import type { Database, Sql } from '../../src/storage/database.ts';
import { forOrganization } from '../../src/storage/row-level-security.ts';
import { finishErasures } from '../../src/upkeep/finish-erasures.ts';
import { eraseExpired } from '../../src/upkeep/start-eraser.ts';
import { consoleLists } from './console-statements.ts';
import { FILLED } from './fill-database.ts';

/** A database of `fillDatabase`, with a pool for the role of each program. */
export interface FilledPools {
  readonly server: Database;
  readonly worker: Database;
  readonly operator: Database;
}

/** A list, look-up or sweep of a program. Running it again reads as much again. */
export interface ListStatement {
  readonly name: string;
  /** It reads what happened within the last day, and no more. */
  readonly isOfDay?: boolean;
  run(): Promise<unknown>;
}

const { organizationId } = FILLED;
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** Temporal has all workflows. */
const WORKFLOWS = {
  read: (ids: readonly string[]) => Promise.resolve(new Map(ids.map((id) => [id, 'OPEN']))),
  readNews: (ids: readonly string[]) => Promise.resolve(new Map(ids.map((id) => [id, 'OPEN']))),
  list: () => Promise.resolve([]),
  terminate: () => Promise.resolve(0),
};
const LIMITS = { total: 32, ofOrganization: 24, ofEndpoint: 4 };

/**
 * Returns the statements that read tables which grow with the orders, as the programs call them, under the role of
 * each. A list comes once for each combination of its filters, with common and rare values: the keys of its query
 * schema are the filters, and one that has no values here is an error.
 */
export async function listStatements(pools: FilledPools): Promise<ListStatement[]> {
  const ids = await idsOf(pools.worker);
  return [
    ...lists(pools, ids),
    ...lookUps(pools, ids),
    ...operatorLists(pools, ids),
    ...consoleLists(pools.operator, ids),
    ...sweeps(pools),
  ];
}

interface Ids {
  readonly orderId: string;
  readonly documentId: string;
  readonly middle: Date;
  /** When the newest order was created. */
  readonly newest: Date;
}

/** An order in the middle of the table, with its document. */
async function idsOf(sql: Sql): Promise<Ids> {
  const [row] = await sql<Ids[]>`
    SELECT orders.id AS order_id, documents.id AS document_id, orders.created_at AS middle,
      (SELECT max(created_at) FROM orders) AS newest
    FROM orders JOIN documents ON order_id = orders.id
    WHERE organization_id = ${organizationId} ORDER BY orders.id OFFSET 500 LIMIT 1`;
  if (row === undefined) throw new Error('the database is not filled');
  return row;
}

function lists({ server }: FilledPools, { orderId, middle }: Ids): ListStatement[] {
  const scoped = (work: (sql: Sql) => Promise<unknown>) =>
    forOrganization(server, organizationId, work);
  const paged = async (
    read: (sql: Sql, cursor: object) => Promise<{ nextCursor: string | null }>,
  ) => {
    const { nextCursor } = (await scoped((sql) => read(sql, {}))) as { nextCursor: string | null };
    if (nextCursor !== null) await scoped((sql) => read(sql, { cursor: nextCursor }));
  };
  return [
    ...combinations('orders', ordersQuery, {
      status: ['COMPLETED', 'NEEDS_ATTENTION', 'CANCELLED'],
      pharmacyId: [FILLED.pharmacyId, FILLED.rarePharmacyId, 'no-pharmacy'],
      createdAfter: [middle.toISOString()],
      createdBefore: [middle.toISOString()],
    }).map(({ name, query }) => ({
      name,
      run: () => paged((sql, page) => listOrders(sql, { organizationId }, { ...query, ...page })),
    })),
    ...combinations('orders of a case', caseOrdersQuery, {
      status: ['COMPLETED', 'CANCELLED'],
    }).map(({ name, query }) => ({
      name,
      run: () => scoped((sql) => listOrders(sql, { organizationId, caseId: FILLED.caseId }, query)),
    })),
    ...combinations('events', eventsQuery, {
      event: ['ORDER_STATUS_CHANGED', 'ORDER_TRACKING_ADDED', 'DELETE_ATTACHMENT'],
    }).map(({ name, query }) => ({
      name,
      run: async () => {
        const read = (after: object) =>
          scoped((sql) => listEvents(sql, organizationId, { ...query, ...after }));
        const last = ((await read({})) as { cursor: string }[]).at(-1);
        if (last !== undefined) await read({ after: last.cursor });
      },
    })),
    ...combinations('deliveries', deliveriesQuery, {
      endpointId: [FILLED.endpointId, FILLED.quietEndpointId],
      status: ['DELIVERED', 'DEAD', 'CANCELLED'],
      event: ['ORDER_STATUS_CHANGED', 'ORDER_TRACKING_ADDED', 'PING'],
      orderId: [orderId],
    }).map(({ name, query }) => ({
      name,
      run: () => paged((sql, page) => listDeliveries(sql, organizationId, { ...query, ...page })),
    })),
    {
      name: 'endpoints',
      run: () => scoped((sql) => listEndpoints(sql, organizationId, { limit: 50 })),
    },
    {
      name: 'timeline of an order',
      run: () => scoped((sql) => listActivity(sql, orderId, { limit: 50 })),
    },
  ];
}

function lookUps({ server }: FilledPools, { orderId, documentId }: Ids): ListStatement[] {
  const { caseId } = FILLED;
  return [
    {
      name: 'an order',
      run: () =>
        forOrganization(server, organizationId, (sql) =>
          readOrder(sql, { organizationId, orderId }),
        ),
    },
    {
      name: 'a case with its orders and documents',
      run: () =>
        forOrganization(server, organizationId, (sql) =>
          readCaseDetail(sql, { organizationId, caseId }, { orders: true, attachments: true }),
        ),
    },
    {
      name: 'a document by its link',
      // The order has no key, as after an erasure.
      run: () => readLinkedDocument(server, documentId).catch(() => undefined),
    },
    { name: 'backlogs', run: () => readBacklogs(server) },
  ];
}

function operatorLists(
  { operator, worker }: FilledPools,
  { orderId, middle, newest }: Ids,
): ListStatement[] {
  const filters = product({
    statuses: [undefined, ['COMPLETED'], ['NEEDS_ATTENTION', 'CANCELLED']],
    organizationId: [undefined, organizationId, FILLED.otherOrganizationId],
    pharmacyId: [undefined, FILLED.pharmacyId, FILLED.rarePharmacyId, 'no-pharmacy'],
    delayed: [false, true],
    since: [undefined, middle],
    until: [undefined, middle],
  });
  type Filter = Parameters<typeof listOrdersForOperators>[1];
  return [
    ...filters.map((filter) => ({
      name: nameOf('rx order list', filter),
      run: () => listOrdersForOperators(operator, { ...filter, limit: 50 } as Filter),
    })),
    { name: 'rx order show', run: () => readOrderForOperators(operator, orderId) },
    { name: 'rx order events', run: () => listOrderEvents(operator, orderId) },
    {
      name: 'rx audit export --since',
      run: () => allAuditRows(operator, { since: newest }).next(),
    },
    {
      name: 'rx audit list --order',
      run: () => readAuditRows(operator, { after: ['0', '0'], orderId, limit: 1_000 }),
    },
    {
      name: 'rx audit list --case',
      run: () => allAuditRows(operator, { caseId: 'no-case' }).next(),
    },
    {
      name: 'rx audit list --operator',
      run: () => allAuditRows(operator, { operator: FILLED.operator }).next(),
    },
    { name: 'sealing', run: () => readAuditRows(worker, { after: ['0', '0'], limit: 1_000 }) },
  ];
}

function sweeps({ worker }: FilledPools): ListStatement[] {
  const engine = {
    database: worker,
    workflows: WORKFLOWS,
    prepareTemporal: async () => {},
    log: SILENT,
  };
  const nothing = {
    documents: { removeAll: async () => {} },
    deleteWorkflow: async () => {},
    workflowIds: () => [],
  };
  return [
    { name: 'figures of the metrics', run: () => readFigures(worker) },
    { name: 'outbox, starts', run: () => leaseRows(worker, 'starts', 4, 0) },
    { name: 'outbox, others', run: () => leaseRows(worker, 'others', 4, 0) },
    { name: 'sweep of open orders', run: () => sweepBatch(engine) },
    { name: 'sweep of news', run: () => sweepNews(engine) },
    { name: 'messages without an order', run: () => retryMessages(worker, '0', 200) },
    { name: 'due deliveries', run: () => leaseDeliveries(worker, 0, LIMITS, []) },
    { name: 'deliveries of failing endpoints', run: () => handOverFailing(worker) },
    { name: 'starts of delivery workflows', run: () => takeStarts(worker, 4) },
    { name: 'overdue deliveries', run: () => queueOverdueStarts(worker) },
    { name: 'deliveries of deleted endpoints', run: () => cancelForDeletedEndpoints(worker) },
    { name: 'orders after their retention', run: () => eraseExpired(worker) },
    { name: 'erased orders', run: () => finishErasures(worker, nothing) },
    { name: 'seals', run: () => sealAuditLog(worker) },
  ];
}

/** `objectWithBlanks` makes it. */
interface QuerySchema<Query extends object> {
  readonly out: { readonly shape: object };
  parse(query: object): Query;
}
/** Every list has these. */
const PAGING = new Set(['cursor', 'after', 'limit']);

/** Returns a query for each combination of filters of a list, unset or with one of the values. */
function combinations<Query extends object>(
  list: string,
  schema: QuerySchema<Query>,
  values: Readonly<Record<string, readonly string[]>>,
): { name: string; query: Query }[] {
  const filters = Object.keys(schema.out.shape).filter((key) => !PAGING.has(key));
  const choices = filters.map((key) => {
    if (values[key] === undefined) throw new Error(`the list ${list} has a new filter: ${key}`);
    return [key, [undefined, ...values[key]]] as const;
  });
  return product(Object.fromEntries(choices)).map((query) => ({
    name: nameOf(list, query),
    query: schema.parse(
      Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)),
    ),
  }));
}

/** Returns every combination of a value for each key. */
function product(values: Readonly<Record<string, readonly unknown[]>>): Record<string, unknown>[] {
  return Object.entries(values).reduce<Record<string, unknown>[]>(
    (all, [key, options]) =>
      all.flatMap((one) => options.map((value) => ({ ...one, [key]: value }))),
    [{}],
  );
}

/** The values that differ between databases are not shown. */
function nameOf(list: string, filters: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(filters).flatMap(([key, value]) => {
    if (value === undefined || value === false) return [];
    return /^(created.*|since|until|orderId)$/.test(key) || value === true
      ? [key]
      : [`${key}=${JSON.stringify(value)}`];
  });
  return [list, ...shown].join(' ');
}
