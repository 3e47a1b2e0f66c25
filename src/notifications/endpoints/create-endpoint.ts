import { v7 as uuidv7 } from 'uuid';
import type { CreateEndpointRequest, NewEndpointView } from '../../contract/webhook-endpoint.ts';
import type { Database } from '../../storage/database.ts';
import { forOrganization } from '../../storage/row-level-security.ts';
import { headerContext, secretContext } from '../endpoint-secrets.ts';
import { newSecret } from '../sending/signatures.ts';
import { EndpointConflictError } from './endpoint-errors.ts';
import { type EndpointRow, endpointColumns, found, toEndpoint } from './endpoint-row.ts';

/** A limit, because every event queues a delivery for each endpoint in the order's own transaction. */
const MOST_ENDPOINTS = 20;

/**
 * Creates an endpoint. Only this answer shows its secret.
 *
 * @param request its URL must have passed {@link checkDestination}.
 * @param secret by default a new one.
 * @throws {EndpointConflictError} the organization has as many endpoints as it may have.
 */
export async function createEndpoint(
  database: Database,
  organizationId: string,
  request: CreateEndpointRequest,
  secret: string = newSecret(),
): Promise<NewEndpointView> {
  const { url, events, description, documentFormat, payloadMode, authHeader } = request;
  const id = uuidv7();
  const { keys } = database;
  const sealedSecret = await keys.seal(organizationId, secretContext(id), secret);
  const sealedValue = authHeader
    ? await keys.seal(organizationId, headerContext(id), authHeader.value)
    : null;
  const row = await forOrganization(database, organizationId, async (tx) => {
    // Without the lock, two concurrent requests would count the same number.
    await tx`SELECT pg_advisory_xact_lock(hashtextextended(${`endpoints of ${organizationId}`}, 0))`;
    const [{ count }] = await tx<[{ count: number }]>`
      SELECT count(*)::integer AS count FROM webhook_endpoints
      WHERE organization_id = ${organizationId} AND deleted_at IS NULL`;
    if (count >= MOST_ENDPOINTS) {
      throw new EndpointConflictError(
        'TOO_MANY_ENDPOINTS',
        `an organization has at most ${MOST_ENDPOINTS} webhook endpoints`,
      );
    }
    return found(
      await tx<EndpointRow[]>`
      INSERT INTO webhook_endpoints (id, organization_id, url, events, description, document_format,
        payload_mode, auth_header_name, auth_header_value, secret)
      VALUES (${id}, ${organizationId}, ${url}, ${events ?? null}, ${description ?? null},
        ${documentFormat}, ${payloadMode}, ${authHeader?.name ?? null},
        ${sealedValue}, ${sealedSecret})
      RETURNING ${endpointColumns(tx)}`,
    );
  });
  return { ...toEndpoint(row), secret };
}
