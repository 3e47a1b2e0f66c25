import { isUuid } from '../lib/uuid.ts';
import { EndpointNotFoundError } from '../notifications/endpoints/endpoint-errors.ts';
import type { Sql } from '../storage/database.ts';

/** What a command names by an id alone. */
export type NamedObject = { readonly deliveryId: string } | { readonly endpointId: string };

/**
 * Finds the organization of a webhook delivery or of an endpoint.
 *
 * @throws {EndpointNotFoundError} there is no such delivery or endpoint.
 */
export async function organizationOf(sql: Sql, named: NamedObject): Promise<string> {
  const [what, id] =
    'deliveryId' in named
      ? (['delivery', named.deliveryId] as const)
      : (['endpoint', named.endpointId] as const);
  const table = what === 'delivery' ? sql`webhook_deliveries` : sql`webhook_endpoints`;
  const [row] = isUuid(id)
    ? await sql<{ organizationId: string }[]>`SELECT organization_id FROM ${table} WHERE id = ${id}`
    : [];
  if (row === undefined) throw new EndpointNotFoundError(what);
  return row.organizationId;
}
