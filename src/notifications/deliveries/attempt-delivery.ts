import { waitAfter } from '../../lib/delivery-schedule.ts';
import { codeOf } from '../../lib/safe-error.ts';
import type { Config } from '../../process/config.ts';
import type { Database } from '../../storage/database.ts';
import { inSpan } from '../../tracing/tracer.ts';
import { type AttemptOutcome, INTERNAL, outcomeOf } from '../attempt-outcome.ts';
import { sendWebhook } from '../sending/send-webhook.ts';
import type { Sender } from '../sending/sender.ts';
import { type Lease, type LoadedDelivery, openDelivery, readDelivery } from './delivery.ts';
import type { DeliveryMetrics } from './delivery-metrics.ts';
import { type LeasedDelivery, releaseLease } from './lease-deliveries.ts';
import { type Recorded, recordAttempt } from './record-attempt.ts';
import { type DocumentSources, renderBody } from './render-body.ts';

/** What an attempt needs. The worker builds it once. */
export interface DeliveryDependencies extends DocumentSources {
  readonly database: Database;
  readonly sender: Sender;
  readonly metrics: DeliveryMetrics;
  readonly settings: Omit<Config['webhooks'], 'destinations'>;
}

/** An attempt that was made, and the state of its delivery after it. */
export interface Attempted {
  readonly outcome: AttemptOutcome;
  readonly recorded: Recorded;
}

/**
 * Makes one attempt at a delivery and records it. If the process dies between the two, or the attempt
 * cannot be recorded, the attempt is repeated with the same `webhook-id`.
 *
 * @param lease the lease; the pool's already have the delivery.
 * @param byWorkflow true when the delivery's workflow makes the attempt; otherwise a failed attempt
 *   queues the start of a workflow.
 * @throws Postgres' error, or the signal's reason when it is aborted. The lease is released first.
 */
export async function attemptDelivery(
  dependencies: DeliveryDependencies,
  lease: Lease | LeasedDelivery,
  byWorkflow: boolean,
  signal: AbortSignal,
): Promise<Attempted> {
  const { database, settings } = dependencies;
  try {
    const row = 'url' in lease ? lease : await readDelivery(database, lease.deliveryId);
    const loaded = await openDelivery(database, row);
    const outcome = await inSpan(
      'webhook delivery',
      {
        kind: 'client',
        parent: row.traceparent,
        attributes: { 'rx.delivery.id': lease.deliveryId },
      },
      () => send(dependencies, lease, loaded, signal),
    );
    dependencies.metrics.observe(outcome);
    const recorded = await recordAttempt(database, lease, {
      outcome,
      waitMs: waitAfter(lease.attempts + 1, settings.retryScheduleMs, {
        atLeastMs: outcome.retryAfterMs ?? 0,
      }),
      pauseAfterMs: settings.pauseAfterMs,
      byWorkflow,
      wasFailing: loaded.endpoint.isFailing,
    });
    return { outcome, recorded };
  } catch (error) {
    // If the release fails as well, the lease expires.
    await releaseLease(database, lease).catch(() => undefined);
    throw error;
  }
}

async function send(
  dependencies: DeliveryDependencies,
  { deliveryId: id }: Lease,
  loaded: LoadedDelivery,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const startedAt = performance.now();
  try {
    const body = await renderBody(loaded, dependencies);
    return outcomeOf(await sendWebhook(dependencies.sender, loaded.endpoint, { id, body }, signal));
  } catch (error) {
    signal.throwIfAborted();
    // For example, a document is missing. It counts as an attempt, so that retries end.
    const durationMs = Math.round(performance.now() - startedAt);
    return { durationMs, errorClass: INTERNAL, code: codeOf(error) };
  }
}
