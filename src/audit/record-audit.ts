import type { Sql } from '../storage/database.ts';

/** What is recorded of an access to patient data: ids, codes and names of accounts, nothing else. */
export interface AuditEntry {
  readonly actorKind: 'key' | 'operator' | 'pharmacy' | 'system';
  /** The API key's id, the operator's name, the pharmacy's id, or what part of us it was. */
  readonly actor: string;
  readonly action: string;
  readonly organizationId?: string;
  readonly caseId?: string;
  readonly orderId?: string;
  /** The peer's address. */
  readonly source?: string;
  readonly requestId?: string;
  /** `OK`, or what the refusal is called. */
  readonly result: string;
}

/** Records an access; in the transaction of what it records, when there is one. */
export async function recordAudit(sql: Sql, entry: AuditEntry): Promise<void> {
  await sql`
    INSERT INTO audit_log (actor_kind, actor, action, organization_id, case_id, order_id, source,
      request_id, result)
    VALUES (${entry.actorKind}, ${entry.actor}, ${entry.action}, ${entry.organizationId ?? null},
      ${entry.caseId ?? null}, ${entry.orderId ?? null}, ${entry.source ?? null},
      ${entry.requestId ?? null}, ${entry.result})`;
}
