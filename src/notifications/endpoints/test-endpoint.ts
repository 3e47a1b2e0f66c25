import { v7 as uuidv7 } from 'uuid';
import type { DeliveryView } from '../../contract/webhook-delivery.ts';
import { type Database, type Sql, withTimeout } from '../../storage/database.ts';
import { forOrganization } from '../../storage/row-level-security.ts';
import { type AttemptOutcome, outcomeOf } from '../attempt-outcome.ts';
import { openEndpointSecrets, type SealedEndpointSecrets } from '../endpoint-secrets.ts';
import { renderPing } from '../events/render-event.ts';
import { sealAnswer } from '../sealed-answer.ts';
import { sendWebhook, type WebhookTarget } from '../sending/send-webhook.ts';
import type { Sender } from '../sending/sender.ts';
import { readDelivery } from './delivery-row.ts';
import { type EndpointKey, found, isEndpoint } from './endpoint-row.ts';
import { releaseDeliveries } from './release-deliveries.ts';

/**
 * Sends a PING to an endpoint now, whatever its status, and logs it as a delivery with one attempt. If a
 * PAUSED endpoint accepts the PING, it becomes ENABLED and its waiting deliveries become due.
 *
 * @returns the logged delivery.
 * @throws {EndpointNotFoundError} the organization has no such endpoint.
 */
export async function testEndpoint(
  database: Database,
  sender: Pick<Sender, 'post'>,
  key: EndpointKey,
): Promise<DeliveryView> {
  const target = await withTimeout(
    forOrganization(database, key.organizationId, (tx) => readTarget(tx, key)),
  );
  const id = uuidv7();
  const body = renderPing(target.id);
  const outcome = outcomeOf(await sendWebhook(sender, target, { id, body }));
  const answer = await sealAnswer(database, key.organizationId, id, outcome.answerStart);
  return await withTimeout(
    forOrganization(database, key.organizationId, async (tx) => {
      // The endpoint is locked before its deliveries, as everywhere, so that there is no deadlock.
      if (outcome.errorClass === undefined) await recover(tx, target.id);
      await record(tx, { ...key, endpointId: target.id }, id, { ...outcome, answer });
      return await readDelivery(tx, key.organizationId, id);
    }),
  );
}

async function readTarget(sql: Sql, key: EndpointKey): Promise<WebhookTarget & { id: string }> {
  const rows = await sql<TargetRow[]>`
    SELECT id, url, secret, auth_header_name, auth_header_value,
      CASE WHEN previous_secret_until > now() THEN previous_secret END AS previous_secret
    FROM webhook_endpoints WHERE ${isEndpoint(sql, key)}`;
  const row = found(rows);
  const { id, url, authHeaderName } = row;
  const { organizationId } = key;
  return { id, url, organizationId, authHeaderName, ...(await openEndpointSecrets(sql, id, row)) };
}

interface TargetRow extends SealedEndpointSecrets, Pick<WebhookTarget, 'url' | 'authHeaderName'> {
  readonly id: string;
}

/** Ends the failure of an endpoint that answered 2xx. A DISABLED endpoint stays disabled. */
async function recover(tx: Sql, endpointId: string): Promise<void> {
  const [{ status } = { status: '' }] = await tx<{ status: string }[]>`
    SELECT status FROM webhook_endpoints WHERE id = ${endpointId} FOR NO KEY UPDATE`;
  if (status === 'ENABLED') {
    await tx`
      UPDATE webhook_endpoints SET failing_since = NULL
      WHERE id = ${endpointId} AND failing_since IS NOT NULL`;
  }
  if (status !== 'PAUSED') return;
  await tx`
    UPDATE webhook_endpoints
    SET status = 'ENABLED', status_reason = NULL, failing_since = NULL, updated_at = now()
    WHERE id = ${endpointId}`;
  await releaseDeliveries(tx, endpointId);
}

async function record(
  tx: Sql,
  { organizationId, endpointId }: EndpointKey,
  id: string,
  attempt: AttemptOutcome & { readonly answer: string | null },
): Promise<void> {
  const { durationMs, statusCode, errorClass, answer } = attempt;
  const delivered = errorClass === undefined;
  await tx`
    INSERT INTO webhook_deliveries (id, organization_id, endpoint_id, event, status, attempts,
      next_attempt_at, delivered_at)
    VALUES (${id}, ${organizationId}, ${endpointId}, 'PING', ${delivered ? 'DELIVERED' : 'DEAD'}, 1,
      NULL, ${delivered ? tx`now()` : null})`;
  await tx`
    INSERT INTO webhook_attempts (delivery_id, at, duration_ms, status_code, error_class,
      answer_start)
    VALUES (${id}, ${new Date(Date.now() - durationMs)}, ${durationMs},
      ${statusCode ?? null}, ${errorClass ?? null}, ${answer})`;
}
