import { Gauge, type Registry } from 'prom-client';
import { pharmacyLabel } from '../metrics/bounded-label.ts';
import type { Figures } from './figures.ts';

interface Measure {
  readonly name: string;
  readonly help: string;
  readonly of: (figures: Figures) => number;
}

const MEASURES: readonly Measure[] = [
  {
    name: 'rx_outbox_depth',
    help: 'Outbox rows that Temporal has not accepted yet.',
    of: ({ backlogs }) => backlogs.outbox.depth,
  },
  {
    name: 'rx_outbox_failing',
    help: 'Outbox rows whose dispatch has failed at least once.',
    of: ({ backlogs }) => backlogs.outbox.failing,
  },
  {
    name: 'rx_reconciler_lag_seconds',
    help: 'Time since the reconciler last compared all open orders with Temporal.',
    of: ({ backlogs }) => backlogs.reconciler.lagSeconds,
  },
  {
    name: 'rx_reconciler_restarted_total',
    help: 'Workflows that the reconciler has ever restarted for open orders without one.',
    of: ({ backlogs }) => backlogs.reconciler.restarted,
  },
  {
    name: 'rx_orders_without_workflow',
    help: 'Open orders found without a workflow; the reconciler is starting a new one.',
    of: ({ backlogs }) => backlogs.orders.withoutWorkflow,
  },
  {
    name: 'rx_orders_needing_attention',
    help: 'Orders in NEEDS_ATTENTION, which wait for an operator.',
    of: ({ backlogs }) => backlogs.orders.needingAttention,
  },
  {
    name: 'rx_orders_delayed',
    help: 'Orders with a step that has been failing for more than a minute.',
    of: ({ backlogs }) => backlogs.orders.delayed,
  },
  {
    name: 'rx_orders_oldest_delay_seconds',
    help: 'How long the oldest of the steps that delay an order has been failing; 0 without one.',
    of: ({ backlogs }) => backlogs.orders.oldestDelaySeconds,
  },
  {
    name: 'rx_orders_oldest_open_seconds',
    help: 'Age of the oldest open order; 0 without one.',
    of: ({ openOrders }) => Math.max(0, ...openOrders.map((each) => each.oldestSeconds)),
  },
  {
    name: 'rx_orphan_workflows',
    help: 'Open order workflows without an open order.',
    of: ({ backlogs }) => backlogs.reconciler.orphans,
  },
  {
    name: 'rx_inbox_unmatched',
    help: 'Pharmacy messages that have matched no order for an hour.',
    of: ({ backlogs }) => backlogs.reconciler.unmatched,
  },
  {
    name: 'rx_webhook_deliveries_overdue_seconds',
    help: 'How long the most overdue delivery attempt has been due; 0 when no attempt is due.',
    of: ({ backlogs }) => backlogs.deliveries.overdueSeconds,
  },
  {
    name: 'rx_audit_unsealed_seconds',
    help: 'Age of the oldest row of the audit log that no seal covers; 0 without one.',
    of: ({ unsealedAuditSeconds }) => unsealedAuditSeconds,
  },
  {
    name: 'rx_postgres_connections',
    help: 'Connections that the Postgres server has, of all clients and databases.',
    of: ({ postgres }) => postgres.connections,
  },
  {
    name: 'rx_postgres_most_connections',
    help: 'Connections that the Postgres server accepts of ordinary roles.',
    of: ({ postgres }) => postgres.mostConnections,
  },
];

/** Gauges of what Postgres knows. */
export interface FigureGauges {
  set(figures: Figures): void;
  /** Removes the values: this process does not know them any more. */
  clear(): void;
}

/** Adds the gauges to a registry. They show nothing until they are set. */
export function addFigureGauges(registry: Registry): FigureGauges {
  const registers = [registry];
  const nameOfPharmacy = pharmacyLabel();
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers });
  const measures = MEASURES.map(({ name, help, of }) => ({ gauge: gauge(name, help), of }));
  const outbox = gauge(
    'rx_outbox_oldest_seconds',
    'Age of the oldest outbox row, by lane: starts of orders, and all others; 0 for an empty lane.',
    'lane',
  );
  const orders = gauge(
    'rx_orders_open',
    'Open orders by status and pharmacy; `unknown`: no such pharmacy is set up.',
    'status',
    'pharmacy',
  );
  const deliveries = gauge(
    'rx_webhook_deliveries',
    'Webhook deliveries not delivered yet, by state: pending, retrying, dead.',
    'state',
  );
  const endpoints = gauge(
    'rx_webhook_endpoints',
    'Webhook endpoints that do not receive normally, by state: failing, paused, disabled.',
    'state',
  );
  const oldestRows = gauge(
    'rx_oldest_row_seconds',
    'Age of the oldest row of a table that can have a retention time; 0 for an empty table.',
    'table',
  );
  const labelled = [outbox, orders, deliveries, endpoints, oldestRows];
  // A gauge without labels starts with 0, which would be a claim.
  const clear = () => {
    for (const each of labelled) each.reset();
    for (const each of measures) each.gauge.remove();
  };
  clear();

  return {
    clear,
    set(figures) {
      for (const { gauge, of } of measures) gauge.set(of(figures));
      for (const [lane, seconds] of Object.entries(figures.outboxSeconds)) {
        outbox.set({ lane }, seconds);
      }
      for (const [table, seconds] of Object.entries(figures.oldestRowSeconds)) {
        oldestRows.set({ table }, seconds);
      }
      orders.reset();
      for (const { status, pharmacyId, count } of figures.openOrders) {
        const pharmacy = pharmacyId === null ? 'unknown' : nameOfPharmacy(pharmacyId);
        orders.inc({ status, pharmacy }, count);
      }
      const { deliveries: open } = figures.backlogs;
      for (const state of ['pending', 'retrying', 'dead'] as const) {
        deliveries.set({ state }, open[state]);
      }
      for (const state of ['failing', 'paused', 'disabled'] as const) {
        endpoints.set({ state }, open[`${state}Endpoints`]);
      }
    },
  };
}
