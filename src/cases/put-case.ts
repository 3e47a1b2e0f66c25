import { type AuditSource, auditRow } from '../audit/record-audit.ts';
import type { Patient } from '../contract/case.ts';
import { NoSuchOrganizationError } from '../keys/keys.ts';
import { CaseNotPermittedError } from '../orders/errors.ts';
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
  const entry = { ...by, ...key, action: 'CASE_PUT', result: 'OK' };
  // `xmax` is 0 in a row that this statement inserted, and names it in one that it updated.
  const [row] = await sql<{ created: boolean; createdAt: Date; updatedAt: Date }[]>`
    WITH stored AS (
      INSERT INTO cases (id, organization_id, data_key, patient_hash, patient, address)
      VALUES (${key.caseId}, ${key.organizationId}, ${sealed.dataKey}, ${sealed.patientHash},
        ${sealed.patient}, ${sealed.address})
      ON CONFLICT (id) DO UPDATE SET data_key = excluded.data_key,
          patient_hash = excluded.patient_hash, patient = excluded.patient,
          address = excluded.address, updated_at = now()
        WHERE cases.organization_id = excluded.organization_id
      RETURNING xmax = 0 AS created, created_at, updated_at
    ), recorded AS (${auditRow(sql, entry)} FROM stored)
    SELECT created, created_at, updated_at FROM stored`;
  if (row === undefined) throw new CaseNotPermittedError();
  return row;
}
