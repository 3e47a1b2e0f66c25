import type { Sql } from '../storage/database.ts';
import type { WebhookTarget } from './sending/send-webhook.ts';

/** The encrypted columns of an endpoint's row. */
export interface SealedEndpointSecrets {
  readonly secret: string;
  /** null when it no longer signs. */
  readonly previousSecret: string | null;
  readonly authHeaderValue: string | null;
}

/**
 * The encryption context of an endpoint's secret. The previous secret has the same one, because a
 * rotation moves the ciphertext from one column to the other.
 */
export function secretContext(endpointId: string): string {
  return `endpoint/${endpointId}/secret`;
}

/** The encryption context of the value of an endpoint's own header. */
export function headerContext(endpointId: string): string {
  return `endpoint/${endpointId}/auth-header`;
}

/** Decrypts the secrets of an endpoint. */
export async function openEndpointSecrets(
  sql: Sql,
  endpointId: string,
  sealed: SealedEndpointSecrets,
): Promise<Pick<WebhookTarget, 'secrets' | 'authHeaderValue'>> {
  const [secret, previousSecret, authHeaderValue] = await Promise.all([
    sql.keys.open(secretContext(endpointId), sealed.secret),
    sql.keys.open(secretContext(endpointId), sealed.previousSecret),
    sql.keys.open(headerContext(endpointId), sealed.authHeaderValue),
  ]);
  return {
    secrets: previousSecret === null ? [secret] : [secret, previousSecret],
    authHeaderValue,
  };
}
