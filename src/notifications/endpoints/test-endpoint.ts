import { v7 as uuidv7 } from 'uuid';
import type { DeliveryView } from '../../contract/webhook-delivery.ts';
import { type Database, inTime, type Sql } from '../../storage/database.ts';
import { forOrganization } from '../../storage/scope.ts';
import { type AttemptOutcome, outcomeOf } from '../attempt-outcome.ts';
import { endpointSecrets } from '../endpoint-secrets.ts';
import { sealAnswer } from '../sealed-answer.ts';
import type { Sender } from '../sending/sender.ts';
import { readDelivery } from './delivery-row.ts';
import { type EndpointKey, found, isEndpoint } from './endpoint-row.ts';
import { releaseDeliveries } from './release-deliveries.ts';
import { type PingTarget, sendPing } from './send-ping.ts';

/**
 * Sends a PING to an endpoint now, whatever its status, and logs it as a delivery of one attempt. A
 * PAUSED endpoint that takes it is ENABLED again, and what waits for it goes.
 *
 * @returns the logged delivery.
 * @throws {EndpointNotFoundError} the organization has no such endpoint.
 */
export async function testEndpoint(
  database: Database,
  sender: Pick<Sender, 'post'>,
  key: EndpointKey,
): Promise<DeliveryView> {
  const target = await inTime(
    forOrganization(database, key.organizationId, (tx) => readTarget(tx, key)),
  );
  const id = uuidv7();
  const outcome = outcomeOf(await sendPing(sender, target, id));
  const answer = await sealAnswer(database, key.organizationId, id, outcome.answerStart);
  return await inTime(
    forOrganization(database, key.organizationId, async (tx) => {
      // In the order in which whoever changes an endpoint takes the locks.
      if (outcome.errorClass === undefined) await recover(tx, target.id);
      await record(tx, { ...key, endpointId: target.id }, id, { ...outcome, answer });
      return await readDelivery(tx, key.organizationId, id);
    }),
  );
}

async function readTarget(sql: Sql, key: EndpointKey): Promise<PingTarget> {
  const rows = await sql<PingTarget[]>`
    SELECT id, url, secret, auth_header_name, auth_header_value,
      CASE WHEN previous_secret_until > now() THEN previous_secret END AS previous_secret
    FROM webhook_endpoints WHERE ${isEndpoint(sql, key)}`;
  const row = found(rows);
  return { ...row, ...(await endpointSecrets(sql, row.id, row)) };
}

/** A success ends what failed; one that is DISABLED stays so. */
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
