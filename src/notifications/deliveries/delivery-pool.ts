import { createInterruptibleSleep } from '../../lib/interruptible-sleep.ts';
import { codeOf } from '../../lib/safe-error.ts';
import type { Log } from '../../process/log.ts';
import {
  callWithTimeout,
  temporalCode,
  type WithDeadline,
} from '../../temporal/call-with-timeout.ts';
import { webhookDeliveryWorkflowId } from '../../workflows/webhook-delivery-messages.ts';
import { describeOutcome } from '../attempt-outcome.ts';
import { attemptDelivery, type DeliveryDependencies } from './attempt-delivery.ts';
import type { Lease } from './delivery.ts';
import { type AttemptLimits, handOverFailing, leaseDeliveries } from './lease-deliveries.ts';
import type { StartDeliveryWorkflow } from './start-workflow.ts';
import {
  cancelOfDeleted,
  takeWanted,
  type WantedWorkflow,
  wantAgain,
  wantLate,
} from './wanted-workflows.ts';

/** Attempts of one process at the same time: some places stay free of any one organization. */
export const POOL_LIMITS: AttemptLimits = { total: 32, ofOrganization: 24, ofEndpoint: 4 };
/** Workflows being started at the same time. */
const MOST_STARTS = 4;
/** After a start that failed: Temporal is away, or overwhelmed. */
const START_PAUSE_MS = 2_000;
/** Looks for deliveries at least this often: a notification can be lost with its connection. */
const POLL_MS = 1_000;
const LOOK_FOR_LATE_MS = 60_000;
/** What attempts under way get to end when the process stops; then they are given back. */
const STOP_GRACE_MS = 8_000;

/** The deliveries of one process; any number of processes may run a pool. */
export interface DeliveryPool {
  /** When it last reached the deliveries, in milliseconds since the epoch. */
  lastRound(): number;
  /** Takes no more, ends what is under way, and resolves. */
  stop(): Promise<void>;
}

/** What a pool works with. */
export interface PoolDependencies extends DeliveryDependencies {
  readonly startWorkflow: StartDeliveryWorkflow;
  readonly withDeadline: WithDeadline;
  readonly leaseMs: number;
  readonly log: Log;
}

/**
 * Starts making the first attempts of deliveries, without Temporal; what fails, or would at an endpoint
 * that is known to, is left to a workflow that the pool starts (docs/adr/0014).
 */
export function startDeliveryPool(dependencies: PoolDependencies): DeliveryPool {
  const { database, log } = dependencies;
  const waker = createInterruptibleSleep();
  const abort = new AbortController();
  const attempts = new Map<Promise<void>, Lease>();
  const starts = new Set<Promise<void>>();
  let stopped = false;
  let lastRound = Date.now();
  let nextStart = 0;
  let nextLookForLate = 0;

  const draining = drain();
  // Without notifications the poll finds them all the same.
  database.listen('deliveries', waker.wake, waker.wake).catch(() => undefined);

  async function drain(): Promise<void> {
    while (!stopped) {
      const taken = await round();
      if (taken === 0) await waker.sleep(POLL_MS);
    }
    await Promise.all([...attempts.keys(), ...starts]);
  }

  async function round(): Promise<number> {
    try {
      const taken = (await fillAttempts()) + (await handOverFailing(database));
      const started = (await lookForLate()) + (await fillStarts());
      lastRound = Date.now();
      return taken + started;
    } catch (error) {
      log.warn('deliveries cannot be read', { code: codeOf(error) });
      return 0;
    }
  }

  async function fillAttempts(): Promise<number> {
    if (attempts.size >= POOL_LIMITS.total) return 0;
    const inHand = [...attempts.values()];
    const leases = await leaseDeliveries(database, dependencies.leaseMs, POOL_LIMITS, inHand);
    for (const lease of leases) {
      const work = attempt(lease).finally(() => {
        attempts.delete(work);
        waker.wake();
      });
      attempts.set(work, lease);
    }
    return leases.length;
  }

  async function fillStarts(): Promise<number> {
    const free = MOST_STARTS - starts.size;
    if (free <= 0 || Date.now() < nextStart) return 0;
    const wanted = await takeWanted(database, free);
    for (const one of wanted) {
      const work = start(one).finally(() => {
        starts.delete(work);
        waker.wake();
      });
      starts.add(work);
    }
    return wanted.length;
  }

  async function lookForLate(): Promise<number> {
    if (Date.now() < nextLookForLate) return 0;
    nextLookForLate = Date.now() + LOOK_FOR_LATE_MS;
    await cancelOfDeleted(database);
    return await wantLate(database);
  }

  /** Never throws: what could not be recorded is attempted again. */
  async function attempt(lease: Lease): Promise<void> {
    const fields = { workflowId: webhookDeliveryWorkflowId(lease.deliveryId) };
    try {
      const { outcome, recorded } = await attemptDelivery(dependencies, lease, false, abort.signal);
      const code = describeOutcome(outcome);
      log.debug('attempted a delivery', { ...fields, status: recorded.status, code });
    } catch (error) {
      if (abort.signal.aborted) return;
      log.warn('could not attempt a delivery', { ...fields, code: codeOf(error) });
    }
  }

  /** Never throws: what could not be started is wanted again. */
  async function start(wanted: WantedWorkflow): Promise<void> {
    const workflowId = webhookDeliveryWorkflowId(wanted.deliveryId);
    try {
      await callWithTimeout(dependencies.withDeadline, () => dependencies.startWorkflow(wanted));
    } catch (error) {
      nextStart = Date.now() + START_PAUSE_MS;
      log.warn('could not start a delivery’s workflow', { workflowId, code: temporalCode(error) });
      // Where that fails, too, it is found late.
      await wantAgain(database, wanted.deliveryId).catch(() => undefined);
    }
  }

  return {
    lastRound: () => lastRound,
    async stop() {
      stopped = true;
      waker.wake();
      const timer = setTimeout(() => abort.abort(), STOP_GRACE_MS);
      await draining;
      clearTimeout(timer);
    },
  };
}
