import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { Counter, type Registry } from 'prom-client';
import { codeLabel, pharmacyLabel } from '../metrics/bounded-label.ts';
import type { OrderActivities, StepResult } from '../workflows/order-activities.ts';
import type { PharmacySlots } from './pharmacy-slots.ts';

/** The steps that are measured. `lookForCompletion` fails on purpose between two polls. */
const STEPS = [
  'validateOrder',
  'placeOrder',
  'fetchDocuments',
  'cancelOrder',
  'expireOrder',
] as const;

/** The pharmacy of a step that has not reached one. */
const NONE = 'none';

/** Measures the steps of orders in this worker. */
export interface StepMetrics {
  /** Wraps the pharmacies, to learn which one a step uses. */
  pharmacies(pharmacies: PharmacySlots): PharmacySlots;
  activities<Activities extends OrderActivities>(activities: Activities): Activities;
}

/** Creates the metrics of steps. */
export function createStepMetrics(registry: Registry): StepMetrics {
  const registers = [registry];
  const nameOf = pharmacyLabel();
  const codeFor = codeLabel();
  const pharmacyOf = new WeakMap<Context, string>();
  const failures = new Counter({
    name: 'rx_order_step_failures_total',
    help: 'Attempts at a step of an order that failed, by step, pharmacy and code.',
    labelNames: ['step', 'pharmacy', 'code'],
    registers,
  });

  async function measure<R>(step: string, attempt: Promise<StepResult<R>>): Promise<StepResult<R>> {
    const context = Context.current();
    const fail = (code: string) => {
      const pharmacy = pharmacyOf.get(context) ?? NONE;
      failures.inc({ step, pharmacy, code: codeFor(code) });
    };
    try {
      const result = await attempt;
      if (result.outcome === 'needs-attention') fail(result.reasonCode);
      return result;
    } catch (error) {
      // The message of such a failure is a code (pharmacy-retry-policy.ts).
      if (error instanceof ApplicationFailure && error.type !== 'NOT_LOCALLY') fail(error.message);
      throw error;
    }
  }

  return {
    pharmacies: (pharmacies) => ({
      ...pharmacies,
      async gateway(pharmacyId, token) {
        const gateway = await pharmacies.gateway(pharmacyId, token);
        if (gateway !== undefined) pharmacyOf.set(Context.current(), nameOf(pharmacyId));
        return gateway;
      },
    }),
    activities(activities) {
      const measured: Record<string, unknown> = {};
      for (const step of STEPS) {
        const run = activities[step] as (
          orderId: string,
          ...more: unknown[]
        ) => Promise<StepResult>;
        measured[step] = (orderId: string, ...more: unknown[]) =>
          measure(step, run(orderId, ...more));
      }
      return { ...activities, ...measured };
    },
  };
}
