import type { Patient } from '../contract/case.ts';
import { UnknownIdError } from '../lib/operator-errors.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Sql } from '../storage/database.ts';

/** A case with its patient. Contains patient data. */
export interface StoredCase {
  readonly id: string;
  readonly organizationId: string;
  readonly patient: Patient;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Reads a case of an organization. @throws {UnknownIdError} the organization has no such case. */
export async function readCase(
  sql: Sql,
  organizationId: string,
  caseId: string,
): Promise<StoredCase> {
  const rows =
    isUuid(organizationId) && !caseId.includes('\0')
      ? await sql<SealedRow[]>`
          SELECT id, organization_id, data_key, patient, created_at, updated_at FROM cases
          WHERE id = ${caseId} AND organization_id = ${organizationId}`
      : [];
  const [row] = rows;
  if (row === undefined || row.dataKey === null) throw new UnknownIdError('case');
  const { dataKey, patient, ...stored } = row;
  const key = await sql.keys.openSubject(`case/${caseId}`, dataKey);
  return { ...stored, patient: JSON.parse(key.open('patient', patient)) as Patient };
}

interface SealedRow extends Omit<StoredCase, 'patient'> {
  /** null: the patient was erased. */
  readonly dataKey: string | null;
  readonly patient: string;
}
