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
/** Time between two polls. Notifications come earlier, but can be lost with their connection. */
const POLL_MS = 8_000;
/** Time between two polls while deliveries wait until the workflows of a failing endpoint have room for them. */
const POLL_FAILING_MS = 1_000;
/** Time between two searches for starts that another process left. */
const STARTS_CHECK_MS = 10_000;
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
  /** Whether to read the deliveries, or the queued starts, in the next round. */
  let unread = true;
  let startsUnread = true;
  /** Due deliveries were left behind, which a free slot may take. */
  let more = true;
  /** Deliveries wait for failing endpoints. */
  let failing = false;
  let nextStart = 0;
  let nextStartsCheck = 0;
  let nextOverdueCheck = 0;

  const draining = drain();
  // If this fails, polling still finds the deliveries.
  database.listen('deliveries', readSoon, readSoon).catch(() => undefined);

  /** Deliveries may have become due. */
  function readSoon(): void {
    unread = true;
    waker.wake();
  }

  /** A start may have been queued. */
  function startSoon(): void {
    startsUnread = true;
    waker.wake();
  }

  async function drain(): Promise<void> {
    while (!stopped) {
      await round();
      if (unread || startsUnread) continue;
      const isPoll = await waker.sleep(failing ? POLL_FAILING_MS : POLL_MS);
      if (isPoll) unread = true;
    }
    await Promise.all([...attempts.keys(), ...starts]);
  }

  async function round(): Promise<void> {
    try {
      if (unread) await fillAttempts();
      if (Date.now() >= nextStartsCheck) startsUnread = true;
      await checkOverdue();
      if (startsUnread) await fillStarts();
      lastRound = Date.now();
    } catch (error) {
      log.warn('deliveries cannot be read', { code: codeOf(error) });
    }
  }

  async function fillAttempts(): Promise<void> {
    unread = false;
    more = true; // as far as is known
    if (attempts.size >= POOL_LIMITS.total) return;
    const inHand = [...attempts.values()];
    const leased = await leaseDeliveries(database, dependencies.leaseMs, POOL_LIMITS, inHand);
    ({ more, failing } = leased);
    for (const lease of leased.leases) {
      const work = attempt(lease).finally(() => {
        attempts.delete(work);
        if (more) readSoon();
      });
      attempts.set(work, lease);
    }
    if (failing && (await handOverFailing(database)) > 0) startSoon();
  }

  async function fillStarts(): Promise<void> {
    startsUnread = false;
    nextStartsCheck = Date.now() + STARTS_CHECK_MS;
    const free = MOST_STARTS - starts.size;
    // Each start that ends looks for further ones.
    if (free <= 0) return;
    const pauseMs = nextStart - Date.now();
    if (pauseMs > 0) {
      setTimeout(startSoon, pauseMs).unref();
      return;
    }
    for (const one of await takeStarts(database, free)) {
      const work = start(one).finally(() => {
        starts.delete(work);
        startSoon();
      });
      starts.add(work);
    }
  }

  async function checkOverdue(): Promise<void> {
    if (Date.now() < nextOverdueCheck) return;
    nextOverdueCheck = Date.now() + OVERDUE_CHECK_MS;
    await cancelForDeletedEndpoints(database);
    if ((await queueOverdueStarts(database)) > 0) startSoon();
  }

  /** Never throws: an attempt that cannot be recorded is repeated. */
  async function attempt(lease: Lease): Promise<void> {
    const fields = { workflowId: webhookDeliveryWorkflowId(lease.deliveryId) };
    try {
      const { outcome, recorded } = await attemptDelivery(dependencies, lease, false, abort.signal);
      const code = describeOutcome(outcome);
      if (recorded.status === 'RETRYING') startSoon();
      if (outcome.errorClass !== undefined) readSoon(); // the endpoint is failing now
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
