import { UnknownIdError } from '../lib/operator-errors.ts';
import type { Sql } from '../storage/database.ts';
import { parseWebhookAuth, type WebhookAuth } from './webhook-auth.ts';

/** The secrets of a pharmacy. Its row stores them encrypted with the deployment's key. */
export interface PharmacySecrets {
  /** The bearer token of our calls to the pharmacy. */
  readonly token: string;
  readonly webhookAuth: WebhookAuth;
}

/** Encrypts a pharmacy's token. */
export async function sealToken(sql: Sql, pharmacyId: string, token: string): Promise<string> {
  return await sql.keys.seal(null, tokenContext(pharmacyId), token);
}

/** Encrypts a pharmacy's webhook authentication. */
export async function sealWebhookAuth(
  sql: Sql,
  pharmacyId: string,
  auth: WebhookAuth,
): Promise<string> {
  return await sql.keys.seal(null, authContext(pharmacyId), JSON.stringify(auth));
}

/** Decrypts a pharmacy's token. */
export async function openToken(sql: Sql, pharmacyId: string, sealed: string): Promise<string> {
  return await sql.keys.open(tokenContext(pharmacyId), sealed);
}

/** Decrypts a pharmacy's webhook authentication. */
export async function openWebhookAuth(
  sql: Sql,
  pharmacyId: string,
  sealed: string,
): Promise<WebhookAuth> {
  return parseWebhookAuth(JSON.parse(await sql.keys.open(authContext(pharmacyId), sealed)));
}

/**
 * Reads how a pharmacy's webhooks are authenticated, with the secret.
 *
 * @throws {UnknownIdError} there is no such pharmacy.
 */
export async function readWebhookAuth(sql: Sql, pharmacyId: string): Promise<WebhookAuth> {
  const [row] = await sql<{ webhookAuth: string }[]>`
    SELECT webhook_auth FROM pharmacies WHERE id = ${pharmacyId}`;
  if (row === undefined) throw new UnknownIdError('pharmacy');
  return await openWebhookAuth(sql, pharmacyId, row.webhookAuth);
}

function tokenContext(pharmacyId: string): string {
  return `pharmacy/${pharmacyId}/token`;
}

function authContext(pharmacyId: string): string {
  return `pharmacy/${pharmacyId}/webhook-auth`;
}
