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
import {
  cancelForDeletedEndpoints,
  completeStart,
  queueOverdueStarts,
  releaseStart,
  type StartDeliveryWorkflow,
  takeStarts,
  type WorkflowStart,
} from './workflow-starts.ts';

/** Concurrent attempts of one process. One organization cannot use them all. */
export const POOL_LIMITS: AttemptLimits = { total: 32, ofOrganization: 24, ofEndpoint: 4 };
/** Concurrent starts of workflows. */
const MOST_STARTS = 4;
/** Pause after a failed start: Temporal is unreachable or overloaded. */
const START_PAUSE_MS = 2_000;
/** Longest time between two polls. Notifications come earlier, but can be lost with their connection. */
const POLL_MS = 1_000;
/** Time between two searches for overdue deliveries. */
const OVERDUE_CHECK_MS = 60_000;
/** How long a stop waits for attempts in flight. Then it aborts them and releases their leases. */
const STOP_GRACE_MS = 8_000;

/** Makes first attempts at deliveries. Any number of processes may run a pool. */
export interface DeliveryPool {
  /** When the pool last read the deliveries, in milliseconds since the epoch. */
  lastRound(): number;
  /** Takes no more deliveries, finishes the attempts in flight, and resolves. */
  stop(): Promise<void>;
}

/** What a pool needs. */
export interface PoolDependencies extends DeliveryDependencies {
  readonly startWorkflow: StartDeliveryWorkflow;
  readonly withDeadline: WithDeadline;
  readonly leaseMs: number;
  readonly log: Log;
}

/**
 * Starts a pool that makes the first attempt at each delivery, without Temporal. If the attempt fails, or
 * the endpoint is failing already, the pool starts a workflow that retries the delivery
 * (docs/adr/0014).
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
  let nextOverdueCheck = 0;

  const draining = drain();
  // If this fails, polling still finds the deliveries.
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
      const started = (await checkOverdue()) + (await fillStarts());
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
    const queued = await takeStarts(database, free);
    for (const one of queued) {
      const work = start(one).finally(() => {
        starts.delete(work);
        waker.wake();
      });
      starts.add(work);
    }
    return queued.length;
  }

  async function checkOverdue(): Promise<number> {
    if (Date.now() < nextOverdueCheck) return 0;
    nextOverdueCheck = Date.now() + OVERDUE_CHECK_MS;
    await cancelForDeletedEndpoints(database);
    return await queueOverdueStarts(database);
  }

  /** Never throws: an attempt that cannot be recorded is repeated. */
  async function attempt(lease: Lease): Promise<void> {
    const fields = { workflowId: webhookDeliveryWorkflowId(lease.deliveryId) };
    try {
      const { outcome, recorded } = await attemptDelivery(dependencies, lease, false, abort.signal);
      const code = describeOutcome(outcome);
      log.debug('webhook delivery attempted', { ...fields, status: recorded.status, code });
    } catch (error) {
      if (abort.signal.aborted) return;
      log.warn('webhook delivery attempt failed', { ...fields, code: codeOf(error) });
    }
  }

  /** Never throws: a start that fails is queued again. */
  async function start(queued: WorkflowStart): Promise<void> {
    const workflowId = webhookDeliveryWorkflowId(queued.deliveryId);
    try {
      await callWithTimeout(dependencies.withDeadline, () => dependencies.startWorkflow(queued));
      await completeStart(database, queued);
    } catch (error) {
      nextStart = Date.now() + START_PAUSE_MS;
      log.warn('webhook delivery workflow not started', { workflowId, code: temporalCode(error) });
      // If this fails as well, the lease expires.
      await releaseStart(database, queued).catch(() => undefined);
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
