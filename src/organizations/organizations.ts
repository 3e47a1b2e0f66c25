import { v7 as uuidv7 } from 'uuid';
import { OperatorConflictError, UnknownIdError } from '../lib/operator-errors.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Sql } from '../storage/database.ts';

/** An organization as operators see it. */
export interface Organization {
  readonly id: string;
  readonly name: string;
  /** Whether NPI, DEA and telephone numbers are checked by their own rules. */
  readonly strictIdentifiers: boolean;
  /** Its orders are erased so many days after their end; null: never by themselves. */
  readonly retentionDays: number | null;
  readonly createdAt: Date;
}

/** An organization with what hangs below it. */
export interface OrganizationSummary extends Organization {
  /** API keys that open something now. */
  readonly activeKeys: number;
}

/**
 * Creates an organization.
 *
 * @throws {OperatorConflictError} there is one of this name: a command that was repeated by mistake
 *   would make a second tenant. Two at the same instant are not seen.
 */
export async function createOrganization(
  sql: Sql,
  { name, strictIdentifiers }: { name: string; strictIdentifiers: boolean },
): Promise<Organization> {
  const [row] = await sql<Organization[]>`
    INSERT INTO organizations (id, name, strict_identifiers)
    SELECT ${uuidv7()}, ${name}::text, ${strictIdentifiers}
    WHERE NOT EXISTS (SELECT FROM organizations WHERE name = ${name})
    RETURNING id, name, strict_identifiers, retention_days, created_at`;
  if (row === undefined) {
    throw new OperatorConflictError('there is an organization of this name already');
  }
  return row;
}

/** Changes an organization; what is undefined stays. @throws {UnknownIdError} */
export async function updateOrganization(
  sql: Sql,
  id: string,
  changes: {
    name: string | undefined;
    strictIdentifiers: boolean | undefined;
    /** null: no end. */
    retentionDays: number | null | undefined;
  },
): Promise<Organization> {
  if (!isUuid(id)) throw new UnknownIdError('organization');
  const [row] = await sql<Organization[]>`
    UPDATE organizations SET
      name = coalesce(${changes.name ?? null}, name),
      strict_identifiers = coalesce(${changes.strictIdentifiers ?? null}, strict_identifiers),
      retention_days = CASE WHEN ${changes.retentionDays === undefined} THEN retention_days
        ELSE ${changes.retentionDays ?? null}::integer END
    WHERE id = ${id}
    RETURNING id, name, strict_identifiers, retention_days, created_at`;
  if (row === undefined) throw new UnknownIdError('organization');
  return row;
}

/** Every organization, oldest first. */
export async function listOrganizations(sql: Sql): Promise<OrganizationSummary[]> {
  return await sql<OrganizationSummary[]>`
    SELECT id, name, strict_identifiers, retention_days, created_at,
      (SELECT count(*)::integer FROM api_keys
        WHERE organization_id = organizations.id AND revoked_at IS NULL
          AND (expires_at IS NULL OR expires_at > now())) AS active_keys
    FROM organizations ORDER BY created_at, id`;
}

/** Resolves when there is such an organization. @throws {UnknownIdError} */
export async function requireOrganization(sql: Sql, id: string): Promise<void> {
  const rows = isUuid(id) ? await sql`SELECT FROM organizations WHERE id = ${id}` : [];
  if (rows.length === 0) throw new UnknownIdError('organization');
}
