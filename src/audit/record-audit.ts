import type { Sql } from '../storage/database.ts';

/** Who does something, and from where. */
export interface AuditSource {
  readonly actorKind: 'key' | 'operator' | 'pharmacy' | 'system';
  /** The API key's id, the operator's name, the pharmacy's id, or what part of us it was. */
  readonly actor: string;
  /** The peer's address; an operator's machine. */
  readonly source?: string;
  readonly requestId?: string;
}

/** What it is done with. */
export interface AuditSubject {
  readonly organizationId?: string | undefined;
  readonly caseId?: string | undefined;
  readonly orderId?: string | undefined;
}

/** What is recorded of an access to patient data: ids, codes and names of accounts, nothing else. */
export interface AuditEntry extends AuditSource, AuditSubject {
  readonly action: string;
  /** `OK`, or what the refusal is called. */
  readonly result: string;
}

/** Records an access; in the transaction of what it records, when there is one. */
export async function recordAudit(sql: Sql, entry: AuditEntry): Promise<void> {
  await auditRow(sql, entry);
}

/**
 * The same as a part of a statement, so that what is stored and its row are one commit and one round
 * trip: with `FROM <name of another part>` behind it, it records once for each row that the part gives.
 */
export function auditRow(sql: Sql, entry: AuditEntry) {
  return sql`
    INSERT INTO audit_log (actor_kind, actor, action, organization_id, case_id, order_id, source,
      request_id, result)
    SELECT ${entry.actorKind}, ${entry.actor}, ${entry.action}, ${entry.organizationId ?? null},
      ${entry.caseId ?? null}, ${entry.orderId ?? null}, ${entry.source ?? null},
      ${entry.requestId ?? null}, ${entry.result}`;
}
