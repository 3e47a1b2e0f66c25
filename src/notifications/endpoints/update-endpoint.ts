import type { EndpointView, UpdateEndpointRequest } from '../../contract/webhook-endpoint.ts';
import type { Database } from '../../storage/database.ts';
import { forOrganization } from '../../storage/row-level-security.ts';
import { headerContext } from '../endpoint-secrets.ts';
import {
  type EndpointKey,
  type EndpointRow,
  endpointColumns,
  found,
  isEndpoint,
  toEndpoint,
} from './endpoint-row.ts';
import { releaseDeliveries } from './release-deliveries.ts';

/**
 * Changes an endpoint; absent fields stay as they are. When it becomes ENABLED, its waiting deliveries
 * become due.
 *
 * @param changes a new URL must have passed {@link checkDestination}.
 * @throws {EndpointNotFoundError} the organization has no such endpoint.
 */
export async function updateEndpoint(
  database: Database,
  key: EndpointKey,
  changes: UpdateEndpointRequest,
): Promise<EndpointView> {
  const { authHeader } = changes;
  const context = headerContext(key.endpointId.toLowerCase());
  const headerValue = authHeader
    ? await database.keys.seal(key.organizationId, context, authHeader.value)
    : null;
  return await forOrganization(database, key.organizationId, async (tx) => {
    const before = found(
      await tx<{ id: string; status: EndpointView['status'] }[]>`
        SELECT id, status FROM webhook_endpoints WHERE ${isEndpoint(tx, key)} FOR NO KEY UPDATE`,
    );
    const row = found(
      await tx<EndpointRow[]>`
      UPDATE webhook_endpoints
      SET ${tx(columnsOf(changes, before.status, headerValue))}, updated_at = now()
      WHERE id = ${before.id}
      RETURNING ${endpointColumns(tx)}`,
    );
    if (row.status === 'ENABLED' && before.status !== 'ENABLED') {
      await releaseDeliveries(tx, before.id);
    }
    return toEndpoint(row);
  });
}

/** The changed columns with their new values; the header's value is encrypted. */
function columnsOf(
  changes: UpdateEndpointRequest,
  before: EndpointView['status'],
  headerValue: string | null,
) {
  const { url, events, description, documentFormat, payloadMode, authHeader } = changes;
  const { status = before } = changes;
  return {
    status,
    ...(url === undefined ? {} : { url }),
    ...(events === undefined ? {} : { events }),
    ...(description === undefined ? {} : { description }),
    ...(documentFormat === undefined ? {} : { document_format: documentFormat }),
    ...(payloadMode === undefined ? {} : { payload_mode: payloadMode }),
    ...(authHeader === undefined
      ? {}
      : {
          auth_header_name: authHeader?.name ?? null,
          auth_header_value: headerValue,
        }),
    // An endpoint that has the status already keeps its reason and since when it has been failing.
    ...(status === before
      ? {}
      : { status_reason: status === 'ENABLED' ? null : 'BY_HAND', failing_since: null }),
  };
}

/**
 * Deletes an endpoint and its credentials, and cancels its open deliveries. Its delivery log is kept.
 *
 * @throws {EndpointNotFoundError} the organization has no such endpoint.
 */
export async function deleteEndpoint(database: Database, key: EndpointKey): Promise<void> {
  await forOrganization(database, key.organizationId, async (tx) => {
    const { id } = found(
      await tx<{ id: string }[]>`
        UPDATE webhook_endpoints
        SET deleted_at = now(), updated_at = now(), auth_header_name = NULL,
          auth_header_value = NULL, previous_secret = NULL, previous_secret_until = NULL
        WHERE ${isEndpoint(tx, key)}
        RETURNING id`,
    );
    await tx`
      UPDATE webhook_deliveries
      SET status = 'CANCELLED', next_attempt_at = NULL, workflow_wanted = false
      WHERE endpoint_id = ${id} AND status IN ('PENDING', 'RETRYING')`;
  });
}
