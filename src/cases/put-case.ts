import { type AuditSource, auditRow } from '../audit/record-audit.ts';
import type { Patient } from '../contract/case.ts';
import { NoSuchOrganizationError } from '../keys/data-keys.ts';
import { CaseNotPermittedError } from '../orders/order-errors.ts';
import type { Sql } from '../storage/database.ts';
import { sealCase } from './sealed-case.ts';

/**
 * Creates a case, or replaces its patient. Accepted orders keep the shipping address that they already
 * have.
 *
 * @param hashSecret the secret of the keyed hash of the patient.
 * @param by the actor, for the entry in the audit log, which is part of the statement.
 * @returns whether the case was created, and its times.
 * @throws {CaseNotPermittedError} the case belongs to another organization.
 */
export async function putCase(
  sql: Sql,
  hashSecret: string,
  key: { readonly organizationId: string; readonly caseId: string },
  patient: Patient,
  by: AuditSource,
): Promise<{ created: boolean; createdAt: Date; updatedAt: Date }> {
  const sealed = await sealCase(sql, hashSecret, key, patient).catch((error: unknown) => {
    // An organization that does not exist may not store cases.
    if (error instanceof NoSuchOrganizationError) throw new CaseNotPermittedError();
    throw error;
  });
  const { dataKey, patientHash, emailHash, patient: sealedPatient, address } = sealed;
  const entry = { ...by, ...key, action: 'CASE_PUT', result: 'OK' };
  const recorded = sql`recorded AS (${auditRow(sql, entry)} FROM stored)`;
  const [inserted] = await sql<Times[]>`
    WITH stored AS (
      INSERT INTO cases (id, organization_id, data_key, patient_hash, email_hash, patient, address)
      VALUES (${key.caseId}, ${key.organizationId}, ${dataKey}, ${patientHash}, ${emailHash},
        ${sealedPatient}, ${address})
      ON CONFLICT (id) DO NOTHING
      RETURNING created_at, updated_at
    ), ${recorded}
    SELECT created_at, updated_at FROM stored`;
  if (inserted !== undefined) return { created: true, ...inserted };
  // A separate statement, because ON CONFLICT DO UPDATE fails for a row that row-level security hides.
  const [updated] = await sql<Times[]>`
    WITH stored AS (
      UPDATE cases SET data_key = ${dataKey}, patient_hash = ${patientHash},
        email_hash = ${emailHash}, patient = ${sealedPatient}, address = ${address}, updated_at = now()
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
