import type { Database } from '../../storage/database.ts';
import { forOrganization } from '../../storage/row-level-security.ts';
import { type EndpointKey, found, isEndpoint } from './endpoint-row.ts';

/**
 * Deletes an endpoint: what is open for it is cancelled. Its log is kept, its credentials are not.
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
