import { OperatorConflictError, UnknownIdError } from '../lib/operator-errors.ts';
import type { Sql } from '../storage/database.ts';
import { type PharmacySecrets, sealPharmacy } from './sealed-settings.ts';

/** A pharmacy as operators see it, without its secrets. */
export interface PharmacyRecord {
  readonly id: string;
  readonly kind: string;
  readonly baseUrl: string;
  /** The kind of its webhook authentication. */
  readonly webhookAuth: string;
  readonly active: boolean;
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
}

/**
 * Sets up a pharmacy.
 *
 * @param replace whether an existing pharmacy with this id gets the new settings; `active` stays as it is.
 * @throws {OperatorConflictError} a pharmacy with this id exists, and `replace` is false.
 */
export async function addPharmacy(
  sql: Sql,
  pharmacy: PharmacyRequest,
  replace: boolean,
): Promise<PharmacyRecord> {
  const { id, kind, baseUrl, completionLimitMs } = pharmacy;
  const sealed = await sealPharmacy(sql, id, pharmacy);
  const [row] = await sql<PharmacyRow[]>`
    INSERT INTO pharmacies (id, kind, base_url, token, webhook_auth, webhook_auth_kind,
      completion_limit_ms)
    VALUES (${id}, ${kind}, ${baseUrl}, ${sealed.token}, ${sealed.webhookAuth},
      ${pharmacy.webhookAuth.kind}, ${completionLimitMs})
    ON CONFLICT (id) DO UPDATE SET
      kind = excluded.kind, base_url = excluded.base_url, token = excluded.token,
      webhook_auth = excluded.webhook_auth, webhook_auth_kind = excluded.webhook_auth_kind,
      completion_limit_ms = excluded.completion_limit_ms,
      updated_at = now()
      WHERE ${replace}
    RETURNING ${columns(sql)}`;
  if (row === undefined) {
    throw new OperatorConflictError(
      'a pharmacy with this id already exists; use --replace to change its settings',
    );
  }
  return toRecord(row);
}

/** Lists all pharmacies, by id. */
export async function listPharmacies(sql: Sql): Promise<PharmacyRecord[]> {
  const rows = await sql<PharmacyRow[]>`SELECT ${columns(sql)} FROM pharmacies ORDER BY id`;
  return rows.map(toRecord);
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

/** The columns of {@link PharmacyRecord}; they leave out the secrets. */
function columns(sql: Sql) {
  return sql`
    id, kind, base_url, webhook_auth_kind AS webhook_auth, active, completion_limit_ms,
    created_at, updated_at`;
}

type PharmacyRow = Omit<PharmacyRecord, 'completionLimitMs'> & { completionLimitMs: string | null };

function toRecord(row: PharmacyRow): PharmacyRecord {
  const limit = row.completionLimitMs;
  return { ...row, completionLimitMs: limit === null ? null : Number(limit) };
}
