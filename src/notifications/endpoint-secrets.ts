import type { Sql } from '../storage/database.ts';

/** What an endpoint's row keeps sealed. */
export interface EndpointSecrets {
  readonly secret: string;
  readonly previousSecret: string | null;
  readonly authHeaderValue: string | null;
}

/** Where an endpoint's secret belongs; the one before is the same one, later. */
export function secretContext(endpointId: string): string {
  return `endpoint/${endpointId}/secret`;
}

/** Where the value of an endpoint's own header belongs. */
export function headerContext(endpointId: string): string {
  return `endpoint/${endpointId}/auth-header`;
}

/** Opens an endpoint's secrets. */
export async function endpointSecrets(
  sql: Sql,
  endpointId: string,
  sealed: EndpointSecrets,
): Promise<EndpointSecrets> {
  const [secret, previousSecret, authHeaderValue] = await Promise.all([
    sql.keys.open(secretContext(endpointId), sealed.secret),
    sql.keys.open(secretContext(endpointId), sealed.previousSecret),
    sql.keys.open(headerContext(endpointId), sealed.authHeaderValue),
  ]);
  return { secret, previousSecret, authHeaderValue };
}
