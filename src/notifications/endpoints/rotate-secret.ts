import type { NewEndpointView } from '../../contract/webhook-endpoint.ts';
import type { Sql } from '../../storage/database.ts';
import { secretContext } from '../endpoint-secrets.ts';
import { newSecret } from '../sending/signatures.ts';
import {
  type EndpointKey,
  type EndpointRow,
  endpointColumns,
  found,
  isEndpoint,
  toEndpoint,
} from './endpoint-row.ts';

/**
 * Replaces an endpoint's secret. Only this answer shows the new one. The previous secret also signs for
 * 24 hours; a second rotation within them ends the first secret at once.
 *
 * @throws {EndpointNotFoundError} the organization has no such endpoint.
 */
export async function rotateSecret(sql: Sql, key: EndpointKey): Promise<NewEndpointView> {
  const secret = newSecret();
  const context = secretContext(key.endpointId.toLowerCase());
  const sealed = await sql.keys.seal(key.organizationId, context, secret);
  const rows = await sql<EndpointRow[]>`
    UPDATE webhook_endpoints
    SET previous_secret = secret, previous_secret_until = now() + interval '24 hours',
      secret = ${sealed}, updated_at = now()
    WHERE ${isEndpoint(sql, key)}
    RETURNING ${endpointColumns(sql)}`;
  return { ...toEndpoint(found(rows)), secret };
}
