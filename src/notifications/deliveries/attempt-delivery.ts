import { codeOf } from '../../lib/safe-error.ts';
import type { Config } from '../../process/config.ts';
import type { Database } from '../../storage/database.ts';
import { type AttemptOutcome, INTERNAL, outcomeOf } from '../attempt-outcome.ts';
import type { SendResult } from '../sending/send-result.ts';
import type { Sender } from '../sending/sender.ts';
import { signaturesOf } from '../sending/signatures.ts';
import { type Lease, type LoadedDelivery, loadDelivery } from './delivery.ts';
import { releaseLease } from './lease-deliveries.ts';
import { type Recorded, recordAttempt } from './record-attempt.ts';
import { type DocumentSources, renderBody } from './render-body.ts';
import { waitAfter } from './schedule.ts';

/** What attempts are made with; `worker.ts` builds it once. */
export interface DeliveryDependencies extends DocumentSources {
  readonly database: Database;
  readonly sender: Sender;
  readonly settings: Omit<Config['webhooks'], 'destinations'>;
}

/** An attempt that was made, and where its delivery is now. */
export interface Attempted {
  readonly outcome: AttemptOutcome;
  readonly recorded: Recorded;
}

/**
 * Makes one attempt at a delivery and records it. A process that dies between the two, or an attempt
 * that cannot be recorded, is repeated under the same `webhook-id`.
 *
 * @param byWorkflow its workflow makes the attempt; else a failure wants one started.
 * @throws what keeps it from Postgres, and the signal's reason; the lease is given back then.
 */
export async function attemptDelivery(
  dependencies: DeliveryDependencies,
  lease: Lease,
  byWorkflow: boolean,
  signal: AbortSignal,
): Promise<Attempted> {
  const { database, settings } = dependencies;
  try {
    const loaded = await loadDelivery(database, lease.deliveryId);
    const outcome = await send(dependencies, lease, loaded, signal);
    const recorded = await recordAttempt(database, lease, {
      outcome,
      waitMs: waitAfter(lease.attempts + 1, settings.retryScheduleMs, {
        atLeastMs: outcome.retryAfterMs ?? 0,
      }),
      pauseAfterMs: settings.pauseAfterMs,
      byWorkflow,
    });
    return { outcome, recorded };
  } catch (error) {
    // Where that fails, too, it runs out by itself.
    await releaseLease(database, lease).catch(() => undefined);
    throw error;
  }
}

async function send(
  dependencies: DeliveryDependencies,
  lease: Lease,
  loaded: LoadedDelivery,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const startedAt = performance.now();
  try {
    return outcomeOf(await post(dependencies, lease, loaded, signal));
  } catch (error) {
    signal.throwIfAborted();
    // A document that is gone, say: it counts as an attempt, or it would be tried for ever.
    const durationMs = Math.round(performance.now() - startedAt);
    return { durationMs, errorClass: INTERNAL, code: codeOf(error) };
  }
}

async function post(
  dependencies: DeliveryDependencies,
  { deliveryId }: Lease,
  loaded: LoadedDelivery,
  signal: AbortSignal,
): Promise<SendResult> {
  const { url, secrets, authHeaderName, authHeaderValue } = loaded.endpoint;
  const body = await renderBody(loaded, dependencies);
  const timestamp = Math.floor(Date.now() / 1_000);
  const headers = {
    ...(authHeaderName === null ? {} : { [authHeaderName.toLowerCase()]: authHeaderValue ?? '' }),
    'content-type': 'application/json',
    'user-agent': 'rx-orders-webhooks',
    ...signaturesOf({ id: deliveryId, timestamp, body, secrets }),
  };
  return await dependencies.sender.post(url, headers, body, signal);
}
