import { v7 as uuidv7 } from 'uuid';
import { OperatorConflictError, UnknownIdError } from '../lib/operator-errors.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Sql } from '../storage/database.ts';

/** An organization as operators see it. */
export interface Organization {
  readonly id: string;
  readonly name: string;
  /** Whether orders must pass the checks of NPI, DEA and telephone numbers. */
  readonly strictIdentifiers: boolean;
  /** Orders are erased this many days after they end; null: never automatically. */
  readonly retentionDays: number | null;
  /** Whether operators state a reason before they see patient data in the console. */
  readonly accessReasons: boolean;
  readonly createdAt: Date;
}

/** An organization in a list. */
export interface OrganizationSummary extends Organization {
  /** The number of API keys that are neither revoked nor expired. */
  readonly activeKeys: number;
}

/**
 * Creates an organization.
 *
 * @throws {OperatorConflictError} the name is taken: an accidentally repeated command must not create a
 *   second tenant. Two simultaneous calls are not detected.
 */
export async function createOrganization(
  sql: Sql,
  { name, strictIdentifiers }: { name: string; strictIdentifiers: boolean },
): Promise<Organization> {
  const [row] = await sql<Organization[]>`
    INSERT INTO organizations (id, name, strict_identifiers)
    SELECT ${uuidv7()}, ${name}::text, ${strictIdentifiers}
    WHERE NOT EXISTS (SELECT FROM organizations WHERE name = ${name})
    RETURNING id, name, strict_identifiers, retention_days, access_reasons, created_at`;
  if (row === undefined) {
    throw new OperatorConflictError('an organization with this name already exists');
  }
  return row;
}

/** Updates an organization; fields that are undefined keep their values. @throws {UnknownIdError} */
export async function updateOrganization(
  sql: Sql,
  id: string,
  changes: {
    name: string | undefined;
    strictIdentifiers: boolean | undefined;
    /** Days; null: orders are kept without limit. */
    retentionDays: number | null | undefined;
    accessReasons: boolean | undefined;
  },
): Promise<Organization> {
  if (!isUuid(id)) throw new UnknownIdError('organization');
  const [row] = await sql<Organization[]>`
    UPDATE organizations SET
      name = coalesce(${changes.name ?? null}, name),
      strict_identifiers = coalesce(${changes.strictIdentifiers ?? null}, strict_identifiers),
      access_reasons = coalesce(${changes.accessReasons ?? null}, access_reasons),
      retention_days = CASE WHEN ${changes.retentionDays === undefined} THEN retention_days
        ELSE ${changes.retentionDays ?? null}::integer END
    WHERE id = ${id}
    RETURNING id, name, strict_identifiers, retention_days, access_reasons, created_at`;
  if (row === undefined) throw new UnknownIdError('organization');
  return row;
}

/** Lists all organizations, oldest first. */
export async function listOrganizations(sql: Sql): Promise<OrganizationSummary[]> {
  return await sql<OrganizationSummary[]>`
    SELECT id, name, strict_identifiers, retention_days, access_reasons, created_at,
      (SELECT count(*)::integer FROM api_keys
        WHERE organization_id = organizations.id AND revoked_at IS NULL
          AND (expires_at IS NULL OR expires_at > now())) AS active_keys
    FROM organizations ORDER BY created_at, id`;
}

/** Resolves if the organization exists. @throws {UnknownIdError} */
export async function requireOrganization(sql: Sql, id: string): Promise<void> {
  const rows = isUuid(id) ? await sql`SELECT FROM organizations WHERE id = ${id}` : [];
  if (rows.length === 0) throw new UnknownIdError('organization');
}
