import { Gauge, type Registry } from 'prom-client';
import type { Backlogs } from '../operators/backlogs.ts';

interface Measure {
  readonly name: string;
  readonly help: string;
  readonly of: (backlogs: Backlogs) => number;
}

const MEASURES: readonly Measure[] = [
  {
    name: 'rx_outbox_depth',
    help: 'Rows that Temporal has not been told of yet.',
    of: ({ outbox }) => outbox.depth,
  },
  {
    name: 'rx_outbox_oldest_seconds',
    help: 'Age of the oldest of them; 0 when there is none.',
    of: ({ outbox }) => outbox.oldestSeconds,
  },
  {
    name: 'rx_outbox_failing',
    help: 'Rows that Temporal was told of in vain at least once.',
    of: ({ outbox }) => outbox.failing,
  },
  {
    name: 'rx_reconciler_lag_seconds',
    help: 'Time since all open orders were last compared with Temporal.',
    of: ({ reconciler }) => reconciler.lagSeconds,
  },
  {
    name: 'rx_reconciler_restarted_total',
    help: 'Workflows started again for open orders that had none, ever.',
    of: ({ reconciler }) => reconciler.restarted,
  },
  {
    name: 'rx_orders_without_workflow',
    help: 'Open orders that were found without a workflow; another is being started.',
    of: ({ orders }) => orders.withoutWorkflow,
  },
  {
    name: 'rx_orders_needing_attention',
    help: 'Orders that wait for people.',
    of: ({ orders }) => orders.needingAttention,
  },
  {
    name: 'rx_orphan_workflows',
    help: 'Open order workflows without an open order.',
    of: ({ reconciler }) => reconciler.orphans,
  },
  {
    name: 'rx_inbox_unmatched',
    help: 'Messages of pharmacies that have found no order for an hour.',
    of: ({ reconciler }) => reconciler.unmatched,
  },
  {
    name: 'rx_webhook_deliveries_overdue_seconds',
    help: 'How long the attempt that is due longest has been due; 0 when none is.',
    of: ({ deliveries }) => deliveries.overdueSeconds,
  },
];

/** Adds the gauges of the backlogs; what it returns sets them, `undefined` as not known (`NaN`). */
export function addBacklogMetrics(registry: Registry): (backlogs: Backlogs | undefined) => void {
  const registers = [registry];
  const gauges = MEASURES.map(({ name, help, of }) => ({
    gauge: new Gauge({ name, help, registers }),
    of,
  }));
  const deliveries = new Gauge({
    name: 'rx_webhook_deliveries',
    help: 'Webhooks that are not delivered, by state: pending, retrying, dead.',
    labelNames: ['state'],
    registers,
  });
  const endpoints = new Gauge({
    name: 'rx_webhook_endpoints',
    help: 'Endpoints that are not well, by state: failing, paused, disabled.',
    labelNames: ['state'],
    registers,
  });

  return (backlogs) => {
    const read = (of: Measure['of']) => (backlogs === undefined ? NaN : of(backlogs));
    for (const { gauge, of } of gauges) gauge.set(read(of));
    for (const state of ['pending', 'retrying', 'dead'] as const) {
      deliveries.set(
        { state },
        read((each) => each.deliveries[state]),
      );
    }
    for (const state of ['failing', 'paused', 'disabled'] as const) {
      endpoints.set(
        { state },
        read((each) => each.deliveries[`${state}Endpoints`]),
      );
    }
  };
}
