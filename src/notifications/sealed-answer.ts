import type { Sql } from '../storage/database.ts';

/**
 * Encrypts the start of an endpoint's answer, because a receiver may echo what it was sent.
 *
 * @returns null for an empty or missing answer.
 */
export async function sealAnswer(
  sql: Sql,
  organizationId: string,
  deliveryId: string,
  answerStart: string | undefined,
): Promise<string | null> {
  if (!answerStart) return null;
  return await sql.keys.seal(organizationId, contextOf(deliveryId), answerStart);
}

/** Decrypts a result of {@link sealAnswer}. */
export async function openAnswer<Sealed extends string | null>(
  sql: Sql,
  deliveryId: string,
  sealed: Sealed,
): Promise<Sealed> {
  return await sql.keys.open(contextOf(deliveryId), sealed);
}

function contextOf(deliveryId: string): string {
  return `delivery/${deliveryId}/answer`;
}
