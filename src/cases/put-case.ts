import { type AuditSource, auditRow } from '../audit/record-audit.ts';
import type { Patient } from '../contract/case.ts';
import { NoSuchOrganizationError } from '../keys/data-keys.ts';
import { CaseNotPermittedError } from '../orders/order-errors.ts';
import type { Sql } from '../storage/database.ts';
import { sealCase } from './sealed-case.ts';

/**
 * Creates a case of an organization, or replaces its patient. Orders that were accepted before keep
 * the shipping address that they froze.
 *
 * @param hashSecret keys the hash of the patient.
 * @param by who does it, for the audit log: its row is in the same statement.
 * @returns whether the case is new.
 * @throws {CaseNotPermittedError} the id is another organization's.
 */
export async function putCase(
  sql: Sql,
  hashSecret: string,
  key: { readonly organizationId: string; readonly caseId: string },
  patient: Patient,
  by: AuditSource,
): Promise<{ created: boolean; createdAt: Date; updatedAt: Date }> {
  const sealed = await sealCase(sql, hashSecret, key, patient).catch((error: unknown) => {
    // An organization that does not exist has no cases.
    if (error instanceof NoSuchOrganizationError) throw new CaseNotPermittedError();
    throw error;
  });
  const { dataKey, patientHash, patient: sealedPatient, address } = sealed;
  const entry = { ...by, ...key, action: 'CASE_PUT', result: 'OK' };
  const recorded = sql`recorded AS (${auditRow(sql, entry)} FROM stored)`;
  const [inserted] = await sql<Times[]>`
    WITH stored AS (
      INSERT INTO cases (id, organization_id, data_key, patient_hash, patient, address)
      VALUES (${key.caseId}, ${key.organizationId}, ${dataKey}, ${patientHash}, ${sealedPatient},
        ${address})
      ON CONFLICT (id) DO NOTHING
      RETURNING created_at, updated_at
    ), ${recorded}
    SELECT created_at, updated_at FROM stored`;
  if (inserted !== undefined) return { created: true, ...inserted };
  // Not in the same statement: Postgres refuses to update a row that its policy hides.
  const [updated] = await sql<Times[]>`
    WITH stored AS (
      UPDATE cases SET data_key = ${dataKey}, patient_hash = ${patientHash},
        patient = ${sealedPatient}, address = ${address}, updated_at = now()
      WHERE id = ${key.caseId} AND organization_id = ${key.organizationId}
      RETURNING created_at, updated_at
    ), ${recorded}
    SELECT created_at, updated_at FROM stored`;
  if (updated === undefined) throw new CaseNotPermittedError();
  return { created: false, ...updated };
}

interface Times {
  createdAt: Date;
  updatedAt: Date;
}
