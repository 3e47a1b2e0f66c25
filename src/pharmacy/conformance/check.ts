import type { PharmacyGateway, PharmacyOrderRequest } from '../gateway.ts';
import type { WebhookAuth } from '../webhook-auth.ts';
import { webhookSecretFault } from '../webhook-secret-rules.ts';
import { checkAccess } from './access.ts';
import { checkEnd, type EndOptions } from './end.ts';
import { type ConformanceFinding, fail, ok, pause, skip, skipped } from './finding.ts';
import { checkPlacing, type PlacedTestOrder } from './placing.ts';

/** A pharmacy to check. */
export interface CheckedPharmacy {
  readonly gateway: PharmacyGateway;
  /** A gateway to the same pharmacy with a token that it never issued. */
  readonly intruder: PharmacyGateway;
  readonly webhookAuth: WebhookAuth;
}

/** What the check may do, and how long. */
export interface CheckOptions extends EndOptions {
  /** The order to place; or why none is placed. */
  readonly order: PharmacyOrderRequest | { readonly skipped: string };
  /** Whether a webhook about the order has arrived; or why none is expected. */
  readonly webhookArrived:
    | ((order: { reference: string; pharmacyOrderId: string }) => Promise<boolean>)
    | { readonly skipped: string };
}

/**
 * Exercises a pharmacy, one rule after the other, through the same gateway as orders. The finding of a
 * rule is yielded as soon as it is known; every rule has exactly one.
 *
 * The check places at most one order and finally cancels it, so that it leaves no open order.
 */
export async function* checkConformance(
  { gateway, intruder, webhookAuth }: CheckedPharmacy,
  options: CheckOptions,
): AsyncGenerator<ConformanceFinding> {
  const answers = yield* checkAccess(gateway, intruder);
  const goesOn = answers && !options.stopping.aborted;
  const order = goesOn ? options.order : { skipped: 'the check stopped before' };
  const placed = yield* checkPlacing(gateway, order);
  const ended = yield* checkEnd(gateway, placed, options);
  yield* checkWebhooks(webhookAuth, placed, ended, options);
}

async function* checkWebhooks(
  auth: WebhookAuth,
  placed: PlacedTestOrder | { readonly skipped: string },
  ended: boolean,
  { webhookArrived, waitMs, stopping }: CheckOptions,
): AsyncGenerator<ConformanceFinding> {
  if (auth.kind === 'none') {
    const message = 'no webhooks are configured: completion is found by polling';
    return yield* skipped(['webhook-secret', 'webhook'], message);
  }
  const fault = webhookSecretFault(auth);
  yield {
    rule: 'webhook-secret',
    ...(fault === undefined
      ? ok(`${auth.kind}: the secret works`)
      : fail(`${auth.kind}: ${fault}`)),
  };
  if ('skipped' in placed) return yield* skipped(['webhook'], placed.skipped);
  if ('skipped' in webhookArrived) return yield* skipped(['webhook'], webhookArrived.skipped);
  const until = Date.now() + waitMs;
  const named = { reference: placed.reference, pharmacyOrderId: placed.id };
  let arrived = await webhookArrived(named);
  while (!arrived && !stopping.aborted && Date.now() < until) {
    await pause(stopping);
    arrived = await webhookArrived(named);
  }
  if (arrived) yield { rule: 'webhook', ...ok('an authentic webhook arrived') };
  else yield { rule: 'webhook', ...(ended ? fail(NO_WEBHOOK) : skip(NOT_ENDED)) };
}

const NOT_ENDED = 'the pharmacy did not end the order itself, so no webhook is due';
const NO_WEBHOOK =
  'no authentic webhook about the order arrived: check its URL, and whether it got 401 (secret) or 400 (body)';
