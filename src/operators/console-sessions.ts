import { createHash, randomBytes } from 'node:crypto';
import type { Sql } from '../storage/database.ts';

/** What an operator of the console may do; each role includes those before it. */
export const CONSOLE_ROLES = ['viewer', 'operator', 'admin'] as const;

export type ConsoleRole = (typeof CONSOLE_ROLES)[number];

/** Who uses the console. */
export interface ConsoleUser {
  /** The name in the timeline and in the audit log. */
  readonly operator: string;
  readonly role: ConsoleRole;
}

/** A login link works once within 15 minutes. */
const LOGIN_MINUTES = 15;
/** A session ends 30 minutes after the last request, and after 12 hours. */
const IDLE_MINUTES = 30;
const MOST_HOURS = 12;
const SECRET_BYTES = 32;

/** Creates the secret of a login link for a user. */
export async function createLogin(sql: Sql, { operator, role }: ConsoleUser): Promise<string> {
  const secret = newSecret();
  await sql`DELETE FROM console_logins WHERE expires_at < now()`;
  await sql`
    INSERT INTO console_logins (secret_hash, operator, role, expires_at)
    VALUES (${hashOf(secret)}, ${operator}, ${role}, now() + ${LOGIN_MINUTES} * interval '1 minute')`;
  return secret;
}

/** Uses up a login link. @returns the user; undefined if it does not work, or no longer. */
export async function useLogin(sql: Sql, secret: string): Promise<ConsoleUser | undefined> {
  const [user] = await sql<(ConsoleUser & { works: boolean })[]>`
    DELETE FROM console_logins WHERE secret_hash = ${hashOf(secret)}
    RETURNING operator, role, expires_at > now() AS works`;
  return user?.works ? { operator: user.operator, role: user.role } : undefined;
}

/** Begins a session. @returns its secret, for the cookie. */
export async function beginSession(sql: Sql, { operator, role }: ConsoleUser): Promise<string> {
  const secret = newSecret();
  await sql`DELETE FROM console_sessions WHERE NOT ${isOpen(sql)}`;
  await sql`
    INSERT INTO console_sessions (secret_hash, operator, role)
    VALUES (${hashOf(secret)}, ${operator}, ${role})`;
  return secret;
}

/**
 * Returns the user of a session; undefined if there is no such session, or it has ended.
 *
 * @param isUsed whether the user does something now, which keeps the session open.
 */
export async function readSession(
  sql: Sql,
  secret: string,
  isUsed: boolean,
): Promise<ConsoleUser | undefined> {
  const [user] = await sql<(ConsoleUser & { isOld: boolean })[]>`
    SELECT operator, role, seen_at < now() - interval '1 minute' AS is_old FROM console_sessions
    WHERE secret_hash = ${hashOf(secret)} AND ${isOpen(sql)}`;
  if (user === undefined) return undefined;
  if (isUsed && user.isOld) {
    await sql`UPDATE console_sessions SET seen_at = now() WHERE secret_hash = ${hashOf(secret)}`;
  }
  return { operator: user.operator, role: user.role };
}

/** Ends a session. */
export async function endSession(sql: Sql, secret: string): Promise<void> {
  await sql`DELETE FROM console_sessions WHERE secret_hash = ${hashOf(secret)}`;
}

function isOpen(sql: Sql) {
  return sql`(seen_at > now() - ${IDLE_MINUTES} * interval '1 minute'
    AND began_at > now() - ${MOST_HOURS} * interval '1 hour')`;
}

function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
