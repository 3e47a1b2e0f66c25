import type postgres from 'postgres';
import type { Sql } from '../storage/database.ts';

/** The actor of an access, and where the request came from. */
export interface AuditSource {
  readonly actorKind: 'key' | 'operator' | 'pharmacy' | 'system';
  /** The API key's id, the operator's name, the pharmacy's id, or the name of one of our own parts. */
  readonly actor: string;
  /** The IP address of the client, or the host name of an operator's machine. */
  readonly source?: string;
  /** The id of the HTTP request; for operators, what their action concerned besides its subject ({@link ObjectId}). */
  readonly requestId?: string | undefined;
}

/** What an operator's action can concern besides its subject. */
export type ObjectKind = 'pharmacy' | 'endpoint' | 'delivery' | 'document' | 'key' | 'reason';
/** What an operator's action concerned, for people who read the log. */
export type ObjectId = `${ObjectKind}/${string}`;

/** The data that was accessed. */
export interface AuditSubject {
  readonly organizationId?: string | undefined;
  readonly caseId?: string | undefined;
  readonly orderId?: string | undefined;
}

/** The subject of an operator's action, and the object that it concerned. */
export interface OperatorSubject extends AuditSubject {
  readonly requestId?: ObjectId | undefined;
}

/** An entry of the audit log about an access to patient data: only ids, codes and account names. */
export interface AuditEntry extends AuditSource, AuditSubject {
  readonly action: string;
  /** `OK`, or the code of the refusal. */
  readonly result: string;
}

/** Records an access. Pass the transaction of a write, so that the write and its entry commit together. */
export async function recordAudit(sql: Sql, entry: AuditEntry): Promise<void> {
  await auditRow(sql, entry);
}

/**
 * Returns the same `INSERT` as a fragment for a larger statement, so that a write and its entry need one
 * round trip. Append `FROM <a WITH query>` to record one entry for each row of that query.
 *
 * @param orderId a column of that query, in place of the entry's order id.
 */
export function auditRow(sql: Sql, entry: AuditEntry, orderId?: postgres.Fragment) {
  return sql`
    INSERT INTO audit_log (actor_kind, actor, action, organization_id, case_id, order_id, source,
      request_id, result)
    SELECT ${entry.actorKind}, ${entry.actor}, ${entry.action}, ${entry.organizationId ?? null},
      ${entry.caseId ?? null}, ${orderId ?? entry.orderId ?? null}, ${entry.source ?? null},
      ${entry.requestId ?? null}, ${entry.result}`;
}
