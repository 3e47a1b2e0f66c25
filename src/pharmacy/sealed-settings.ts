import type { Sql } from '../storage/database.ts';
import { parseWebhookAuth, type WebhookAuth } from './webhook-auth.ts';

/** What a pharmacy's row keeps sealed, under the deployment's key. */
export interface PharmacySecrets {
  /** The bearer token that the pharmacy gave us. */
  readonly token: string;
  readonly webhookAuth: WebhookAuth;
}

/** Seals a pharmacy's secrets. */
export async function sealPharmacy(
  sql: Sql,
  pharmacyId: string,
  { token, webhookAuth }: PharmacySecrets,
): Promise<{ readonly token: string; readonly webhookAuth: string }> {
  const [sealedToken, sealedAuth] = await Promise.all([
    sql.keys.seal(null, tokenContext(pharmacyId), token),
    sql.keys.seal(null, authContext(pharmacyId), JSON.stringify(webhookAuth)),
  ]);
  return { token: sealedToken, webhookAuth: sealedAuth };
}

/** Opens a pharmacy's token. */
export async function openToken(sql: Sql, pharmacyId: string, sealed: string): Promise<string> {
  return await sql.keys.open(tokenContext(pharmacyId), sealed);
}

/** Opens how a pharmacy's webhooks are authenticated. */
export async function openWebhookAuth(
  sql: Sql,
  pharmacyId: string,
  sealed: string,
): Promise<WebhookAuth> {
  return parseWebhookAuth(JSON.parse(await sql.keys.open(authContext(pharmacyId), sealed)));
}

function tokenContext(pharmacyId: string): string {
  return `pharmacy/${pharmacyId}/token`;
}

function authContext(pharmacyId: string): string {
  return `pharmacy/${pharmacyId}/webhook-auth`;
}
