import { OperatorConflictError, UnknownIdError } from '../lib/operator-errors.ts';
import { requireOrganization } from '../organizations/organizations.ts';
import type { Sql } from '../storage/database.ts';
import { type PharmacySecrets, sealToken, sealWebhookAuth } from './sealed-settings.ts';

/** A pharmacy as operators see it, without its secrets. */
export interface PharmacyRecord {
  readonly id: string;
  /** The name for people; by default the id. */
  readonly name: string;
  readonly kind: string;
  readonly baseUrl: string;
  /** The kind of its webhook authentication. */
  readonly webhookAuth: string;
  readonly active: boolean;
  /** The ids of the organizations that may place orders there; null: all may. */
  readonly onlyFor: readonly string[] | null;
  /** How long an order may wait for its completion, in milliseconds; null: the default. */
  readonly completionLimitMs: number | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A pharmacy to set up. */
export interface PharmacyRequest extends PharmacySecrets {
  readonly id: string;
  readonly kind: string;
  readonly baseUrl: string;
  readonly completionLimitMs: number | null;
  readonly name?: string | undefined;
  /** The ids of the organizations that may place orders there. By default all may. */
  readonly onlyFor?: readonly string[] | undefined;
}

/**
 * Sets up a pharmacy.
 *
 * @param replace whether an existing pharmacy with this id gets the new settings. `active` stays as it is,
 *   and so do `name` and `onlyFor` if they are not given.
 * @throws {OperatorConflictError} a pharmacy with this id exists, and `replace` is false.
 * @throws {UnknownIdError} an organization does not exist.
 */
export async function addPharmacy(
  sql: Sql,
  pharmacy: PharmacyRequest,
  replace: boolean,
): Promise<PharmacyRecord> {
  const { id, kind, baseUrl, completionLimitMs, onlyFor } = pharmacy;
  const name = pharmacy.name ?? null;
  for (const organizationId of onlyFor ?? []) await requireOrganization(sql, organizationId);
  const token = await sealToken(sql, id, pharmacy.token);
  const webhookAuth = await sealWebhookAuth(sql, id, pharmacy.webhookAuth);
  const [row] = await sql<{ id: string }[]>`
    WITH stored AS (
      INSERT INTO pharmacies (id, kind, base_url, token, webhook_auth, webhook_auth_kind,
        completion_limit_ms, name, restricted)
      VALUES (${id}, ${kind}, ${baseUrl}, ${token}, ${webhookAuth},
        ${pharmacy.webhookAuth.kind}, ${completionLimitMs}, ${name}, ${onlyFor !== undefined})
      ON CONFLICT (id) DO UPDATE SET
        kind = excluded.kind, base_url = excluded.base_url, token = excluded.token,
        webhook_auth = excluded.webhook_auth, webhook_auth_kind = excluded.webhook_auth_kind,
        completion_limit_ms = excluded.completion_limit_ms,
        name = coalesce(excluded.name, pharmacies.name),
        restricted = excluded.restricted OR pharmacies.restricted,
        updated_at = now()
        WHERE ${replace}
      RETURNING id
    ) ${onlyFor === undefined ? sql`` : sql`, ${grants(sql, onlyFor)}`}
    SELECT id FROM stored`;
  if (row === undefined) {
    throw new OperatorConflictError(
      'a pharmacy with this id already exists; use --replace to change its settings',
    );
  }
  return await readPharmacy(sql, id);
}

/** Lists all pharmacies, by id. */
export async function listPharmacies(sql: Sql): Promise<PharmacyRecord[]> {
  const rows = await sql<PharmacyRow[]>`SELECT ${columns(sql)} FROM pharmacies ORDER BY id`;
  return rows.map(toRecord);
}

/**
 * Restricts a pharmacy to some organizations, in place of those that it was restricted to before; null opens
 * it to all. Orders that the pharmacy already has continue. Safe to repeat.
 *
 * @throws {UnknownIdError} there is no such pharmacy, or no such organization.
 */
export async function restrictPharmacy(
  sql: Sql,
  id: string,
  onlyFor: readonly string[] | null,
): Promise<PharmacyRecord> {
  for (const organizationId of onlyFor ?? []) await requireOrganization(sql, organizationId);
  const rows = await sql`
    WITH stored AS (
      UPDATE pharmacies SET restricted = ${onlyFor !== null}, updated_at = now()
      WHERE id = ${id} RETURNING id
    ), ${grants(sql, onlyFor ?? [])}
    SELECT id FROM stored`;
  if (rows.length === 0) throw new UnknownIdError('pharmacy');
  return await readPharmacy(sql, id);
}

/** The common table expressions that give access to a pharmacy in `stored` to these organizations only. */
function grants(sql: Sql, organizationIds: readonly string[]) {
  const ids = [...organizationIds];
  return sql`
    revoked AS (
      DELETE FROM pharmacy_access USING stored
      WHERE pharmacy_id = stored.id AND NOT organization_id = ANY(${ids}::uuid[])
    ), granted AS (
      INSERT INTO pharmacy_access (pharmacy_id, organization_id)
      SELECT DISTINCT stored.id, given FROM stored, unnest(${ids}::uuid[]) AS given
      ON CONFLICT DO NOTHING
    )`;
}

/** Reads a pharmacy. @throws {UnknownIdError} there is no such pharmacy. */
export async function readPharmacy(sql: Sql, id: string): Promise<PharmacyRecord> {
  const [row] = await sql<PharmacyRow[]>`SELECT ${columns(sql)} FROM pharmacies WHERE id = ${id}`;
  if (row === undefined) throw new UnknownIdError('pharmacy');
  return toRecord(row);
}

/**
 * Activates or deactivates a pharmacy; an inactive one gets no new orders. Safe to repeat.
 *
 * @throws {UnknownIdError} there is no such pharmacy.
 */
export async function setPharmacyActive(
  sql: Sql,
  id: string,
  active: boolean,
): Promise<PharmacyRecord> {
  const [row] = await sql<PharmacyRow[]>`
    UPDATE pharmacies SET active = ${active},
      updated_at = CASE WHEN active = ${active} THEN updated_at ELSE now() END
    WHERE id = ${id} RETURNING ${columns(sql)}`;
  if (row === undefined) throw new UnknownIdError('pharmacy');
  return toRecord(row);
}

/**
 * Replaces secrets of a pharmacy; one that is not given stays as it is.
 *
 * @throws {UnknownIdError} there is no such pharmacy.
 */
export async function replacePharmacySecrets(
  sql: Sql,
  id: string,
  { token, webhookAuth }: Partial<PharmacySecrets>,
): Promise<void> {
  const sealedToken = token === undefined ? null : await sealToken(sql, id, token);
  const sealedAuth = webhookAuth === undefined ? null : await sealWebhookAuth(sql, id, webhookAuth);
  const rows = await sql`
    UPDATE pharmacies SET token = coalesce(${sealedToken}, token),
      webhook_auth = coalesce(${sealedAuth}, webhook_auth),
      webhook_auth_kind = coalesce(${webhookAuth?.kind ?? null}, webhook_auth_kind),
      updated_at = now()
    WHERE id = ${id} RETURNING id`;
  if (rows.length === 0) throw new UnknownIdError('pharmacy');
}

/** The columns of {@link PharmacyRecord}; they leave out the secrets. */
function columns(sql: Sql) {
  return sql`
    id, coalesce(name, id) AS name, kind, base_url, webhook_auth_kind AS webhook_auth, active,
    CASE WHEN restricted THEN ARRAY(SELECT organization_id::text FROM pharmacy_access
      WHERE pharmacy_id = pharmacies.id ORDER BY created_at, organization_id) END AS only_for,
    completion_limit_ms, created_at, updated_at`;
}

type PharmacyRow = Omit<PharmacyRecord, 'completionLimitMs'> & { completionLimitMs: string | null };

function toRecord(row: PharmacyRow): PharmacyRecord {
  const limit = row.completionLimitMs;
  return { ...row, completionLimitMs: limit === null ? null : Number(limit) };
}
